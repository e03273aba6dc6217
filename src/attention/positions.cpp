#include <fovea/attention/positions.h>
#include <fovea/base/error.h>
#include <fovea/nn/shape_text.h>
#include <fovea/nn/too_few_values.h>

namespace fovea {

Positions positions_of(const torch::nn::Module& module, const torch::Tensor& features, std::int64_t channels) {
  const bool is_grid = features.dim() == 4 && features.size(1) == channels;
  const bool is_tokens = features.dim() == 3 && features.size(2) == channels;
  if ((is_grid || is_tokens) && features.numel() > 0) {
    if (is_tokens) return {features, {}};
    return {features.flatten(2).transpose(1, 2), {features.size(2), features.size(3)}};
  }
  const std::string count = std::to_string(channels);
  throw ShapeError(module.name(), "[N, " + count + ", H, W] or tokens [N, L, " + count + "]", shape_text(features));
}

void expect_features(const torch::nn::Module& module, const torch::Tensor& features, std::int64_t channels) {
  if (features.dim() == 4 && features.size(1) == channels && features.numel() > 0) return;
  throw ShapeError(module.name(), "[N, " + std::to_string(channels) + ", H, W]", shape_text(features));
}

void expect_features(const torch::nn::Module& module, const torch::Tensor& features) {
  if (features.dim() == 4 && features.numel() > 0) return;
  throw ShapeError(module.name(), "[N, C, H, W]", shape_text(features));
}

void expect_shape(const torch::nn::Module& module, const torch::Tensor& features, const FeatureShape& shape,
                  const std::string& advice) {
  expect_features(module, features, shape.channels);
  if (features.size(2) == shape.height && features.size(3) == shape.width) return;
  const auto expected = c10::str("[N, ", shape.channels, ", ", shape.height, ", ", shape.width, "]");
  throw ShapeError(module.name(), expected, shape_text(features), advice);
}

torch::Tensor to_grid(const torch::Tensor& positions, std::int64_t height, std::int64_t width) {
  return positions.transpose(1, 2).reshape({positions.size(0), positions.size(2), height, width});
}

void expect_norm_fits(const torch::nn::Module& module, const torch::nn::Module& norm, const torch::Tensor& values) {
  if (!norm.is_training() || values.numel() > values.size(1)) return;
  throw ShapeError(module.name(), kEnoughValues, "one: one image with one position", kMoreValuesAdvice);
}

void expect_divides(std::int64_t channels, std::int64_t parts, const std::string& where) {
  if (channels % parts == 0) return;
  throw InputError(where, "a divisor of the " + std::to_string(channels) + " channels", std::to_string(parts));
}

std::int64_t channels_per_head(std::int64_t channels, std::int64_t heads, const std::string& where) {
  expect_divides(channels, heads, where);
  return channels / heads;
}

}  // namespace fovea
