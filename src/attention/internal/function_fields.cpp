#include <fovea/attention/internal/function_fields.h>

namespace fovea {

void visit_gate_function(FieldVisitor& fields, GateFunction& gate) {
  fields.choice("gate", gate, {{"sigmoid", GateFunction::sigmoid}, {"hard_sigmoid", GateFunction::hard_sigmoid}},
                "function from scores to gate values");
}

void visit_activation(FieldVisitor& fields, const char* name, Activation& activation, const char* help) {
  fields.choice(name, activation,
                {{"none", Activation::none},
                 {"relu", Activation::relu},
                 {"relu6", Activation::relu6},
                 {"leaky_relu", Activation::leaky_relu},
                 {"elu", Activation::elu},
                 {"selu", Activation::selu},
                 {"silu", Activation::silu},
                 {"mish", Activation::mish},
                 {"gelu", Activation::gelu},
                 {"gelu_tanh", Activation::gelu_tanh},
                 {"quick_gelu", Activation::quick_gelu},
                 {"hard_swish", Activation::hard_swish},
                 {"hard_mish", Activation::hard_mish},
                 {"softplus", Activation::softplus},
                 {"tanh", Activation::tanh},
                 {"sigmoid", Activation::sigmoid},
                 {"hard_sigmoid", Activation::hard_sigmoid}},
                help);
}

}  // namespace fovea
