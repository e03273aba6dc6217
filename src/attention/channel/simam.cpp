#include <algorithm>

#include <fovea/attention/channel/simam.h>
#include <fovea/attention/positions.h>
#include <fovea/options/check.h>

namespace fovea {

void SimamOptions::visit_fields(FieldVisitor& fields) {
  fields.real("e_lambda", e_lambda, kPositive, "added to the variance of a channel");
}

SimamImpl::SimamImpl(std::int64_t channels, SimamOptions options)
    : Gate("Simam"), channels_(expect_positive(channels, "Simam: channels")), options_(expect_in_range(options, "Simam")) {}

torch::Tensor SimamImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, channels_);
  const auto others = std::max<std::int64_t>(features.size(2) * features.size(3) - 1, 1);
  const auto squares = (features - features.mean({2, 3}, /*keepdim=*/true)).square();      // [N, C, H, W]
  const auto variance = squares.sum({2, 3}, /*keepdim=*/true) / others;                    // [N, C, 1, 1]
  const auto gate = torch::sigmoid(squares / (4 * (variance + options_.e_lambda)) + 0.5);  // [N, C, H, W]
  return features * context.hook(*this, {MapKind::dense, Meaning::gate}, gate);
}

std::shared_ptr<torch::nn::Module> SimamImpl::rebuilt() const {
  return std::make_shared<SimamImpl>(channels_, options_);
}

}  // namespace fovea
