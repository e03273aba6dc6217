#include <fovea/attention/function_fields.h>

namespace fovea {

void visit_gate_function(FieldVisitor& fields, GateFunction& gate) {
  fields.choice("gate", gate, {{"sigmoid", GateFunction::sigmoid}, {"hard_sigmoid", GateFunction::hard_sigmoid}},
                "function that turns scores into factors");
}

void visit_activation(FieldVisitor& fields, const char* name, Activation& activation, const char* help) {
  fields.choice(name, activation,
                {{"none", Activation::none},
                 {"relu", Activation::relu},
                 {"relu6", Activation::relu6},
                 {"leaky_relu", Activation::leaky_relu},
                 {"elu", Activation::elu},
                 {"silu", Activation::silu},
                 {"mish", Activation::mish},
                 {"gelu", Activation::gelu},
                 {"hard_swish", Activation::hard_swish},
                 {"tanh", Activation::tanh},
                 {"sigmoid", Activation::sigmoid}},
                help);
}

}  // namespace fovea
