#include <cmath>
#include <numbers>

#include <fovea/glimpse/location_policy.h>

namespace fovea {

LocationPolicyImpl::LocationPolicyImpl(std::int64_t width, std::int64_t hidden_features, double range) : range_(range) {
  if (hidden_features > 0) hidden = register_module("hidden", torch::nn::Linear(width, hidden_features));
  location = register_module("location", torch::nn::Linear(hidden_features > 0 ? hidden_features : width, 2));
}

torch::Tensor LocationPolicyImpl::mean(const torch::Tensor& state) {
  const auto features = hidden ? torch::relu(hidden(state)) : state;
  return range_ * torch::tanh(location(features));
}

torch::Tensor gaussian_log_prob(const torch::Tensor& sample, const torch::Tensor& mean, double deviation) {
  const double variance = deviation * deviation;
  return (sample.detach() - mean).square().sum(-1) / (-2 * variance) - std::log(2 * std::numbers::pi * variance);
}

}  // namespace fovea
