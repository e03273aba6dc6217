#pragma once

#include <fovea/nn/activation.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Declares the field `gate` of a mechanism's options.
void visit_gate_function(FieldVisitor& fields, GateFunction& gate);

/// Declares a field for an activation function. @param name e.g. "activation".
void visit_activation(FieldVisitor& fields, const char* name, Activation& activation, const char* help);

}  // namespace fovea
