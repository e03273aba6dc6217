#pragma once

#include <fovea/nn/activation.h>
#include <fovea/options/fields.h>

namespace fovea {

/// The field `gate` of a mechanism's options.
void visit_gate_function(FieldVisitor& fields, GateFunction& gate);

/// A field that matches a non-linearity. @param name e.g. "activation".
void visit_activation(FieldVisitor& fields, const char* name, Activation& activation, const char* help);

}  // namespace fovea
