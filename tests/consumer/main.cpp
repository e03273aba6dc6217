// What a project that links fovea::fovea does: put attention into its own network, and describe fovea's.
#include <cstdio>

#include <torch/torch.h>

#include <fovea/attention/spatial/cbam.h>
#include <fovea/config/config_node.h>
#include <fovea/models/model_field.h>
#include <fovea/nn/initialise.h>
#include <fovea/nn/multiply_adds.h>

int main() {
  fovea::CbamImpl attention(32, fovea::CbamOptions{});
  fovea::ForwardContext context;
  const auto features = attention.forward(torch::randn({2, 32, 5, 9}), context);

  fovea::ModelField model;
  model.read(fovea::parse_yaml("{name: resnet20, attention: {name: se, stages: [2, 3]}}", "example"), "model");
  const fovea::InputSpec input{3, 32, 32, 10};
  const auto network = fovea::build_classifier(model, input);
  fovea::initialise(*network, 1);
  const auto multiply_adds = fovea::count_multiply_adds(*network, input);

  std::printf("CBAM: %lld x %lld x %lld; SE-ResNet-20: %lld multiply-adds\n", static_cast<long long>(features.size(1)),
              static_cast<long long>(features.size(2)), static_cast<long long>(features.size(3)),
              static_cast<long long>(multiply_adds));
  return features.size(1) == 32 && multiply_adds > 40'000'000 && multiply_adds < 42'000'000 ? 0 : 1;
}
