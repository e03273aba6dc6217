#include <utility>

#include <fovea/nn/classifier.h>
#include <fovea/nn/context_argument.h>
#include <fovea/options/check.h>

namespace fovea {

torch::Tensor Classifier::forward(const torch::Tensor& images) {
  ContextArgument context;
  Batch batch;
  batch.images = images;
  ForwardContext& pass = context.of(*this);
  if (takes_glimpses()) pass.policy = PolicyMode::mean;  // sampling would need a standard deviation
  return classify(batch, pass).logits;
}

Batch blank_image(const Classifier& classifier, const InputSpec& input) {
  const auto parameters = classifier.parameters();
  const auto options = parameters.empty() ? torch::TensorOptions() : parameters.front().options();
  Batch batch;
  batch.images = torch::zeros({1, input.channels, input.height, input.width}, options.requires_grad(false));
  return batch;
}

InputSpec expect_possible(const InputSpec& input, const std::string& network) {
  for (const auto& [name, value] : {std::pair{"channels", input.channels},
                                    {"height", input.height},
                                    {"width", input.width},
                                    {"num_classes", input.num_classes}}) {
    expect_positive(value, network + ": " + name);
  }
  return input;
}

}  // namespace fovea
