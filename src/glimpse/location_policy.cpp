#include <cmath>
#include <numbers>
#include <string>

#include <fovea/base/error.h>
#include <fovea/glimpse/location_policy.h>
#include <fovea/options/check.h>

namespace fovea {

LocationPolicyImpl::LocationPolicyImpl(std::int64_t width, std::int64_t hidden_features, double range) : range_(range) {
  expect_positive(width, "LocationPolicy: width");
  if (hidden_features < 0) {
    throw InputError("LocationPolicy: hidden_features", describe(kNonNegativeInteger), std::to_string(hidden_features));
  }
  constexpr RealRange kRange{.minimum = 0, .maximum = 1, .minimum_open = true};
  if (!contains(kRange, range)) throw InputError("LocationPolicy: range", describe(kRange), std::to_string(range));
  if (hidden_features > 0) hidden = register_module("hidden", torch::nn::Linear(width, hidden_features));
  location = register_module("location", torch::nn::Linear(hidden_features > 0 ? hidden_features : width, 2));
}

std::shared_ptr<torch::nn::Module> LocationPolicyImpl::rebuilt() const {
  const std::int64_t width = (hidden ? hidden : location)->options.in_features();
  return std::make_shared<LocationPolicyImpl>(width, hidden ? hidden->options.out_features() : 0, range_);
}

torch::Tensor LocationPolicyImpl::mean(const torch::Tensor& state) {
  const auto features = hidden ? torch::relu(hidden(state)) : state;
  return range_ * torch::tanh(location(features));
}

torch::Tensor gaussian_log_prob(const torch::Tensor& sample, const torch::Tensor& mean, double standard_deviation) {
  const double variance = standard_deviation * standard_deviation;
  return (sample.detach() - mean).square().sum(-1) / (-2 * variance) - std::log(2 * std::numbers::pi * variance);
}

}  // namespace fovea
