#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/positions.h>
#include <fovea/attention/self/grid_heads.h>
#include <fovea/base/error.h>
#include <fovea/nn/shape_text.h>

namespace fovea {

GridHeads grid_heads(std::int64_t out_channels, std::int64_t heads, std::int64_t head_channels, double query_ratio,
                     const std::string& mechanism) {
  const std::int64_t value = channels_per_head(out_channels, heads, mechanism + ": heads");
  if (head_channels > 0) {
    if (query_ratio == 1) return {heads, head_channels, value};
    throw InputError(mechanism + ": query_ratio", "head_channels 0 beside it", std::to_string(head_channels),
                     "set one of them");
  }
  constexpr std::int64_t kDivisor = 8;
  const auto width = divisible_width(static_cast<double>(out_channels) * query_ratio, kDivisor, kRoundLimit);
  if (width >= heads) return {heads, width / heads, value};
  throw InputError(mechanism + ": heads", "at most " + std::to_string(width) + ", the channels of the queries",
                   std::to_string(heads), "raise query_ratio or set head_channels");
}

torch::Tensor split_grid_heads(const torch::Tensor& features, std::int64_t heads) {
  const auto parts = features.unflatten(1, {heads, -1}).flatten(0, 1);  // [N heads, D, H, W]
  return parts.permute({0, 2, 3, 1});
}

torch::Tensor merge_grid_heads(const torch::Tensor& positions, std::int64_t heads, std::int64_t height, std::int64_t width) {
  return positions.transpose(1, 2).reshape({positions.size(0) / heads, heads * positions.size(2), height, width});
}

torch::Tensor average_strided(const torch::Tensor& features, std::int64_t stride) {
  if (stride == 1) return features;
  return torch::avg_pool2d(features, stride, stride, /*padding=*/0, /*ceil_mode=*/true, /*count_include_pad=*/false);
}

void expect_blocks(const torch::nn::Module& module, const torch::Tensor& features, std::int64_t channels,
                   std::int64_t block_size) {
  expect_features(module, features, channels);
  if (features.size(2) % block_size == 0 && features.size(3) % block_size == 0) return;
  throw ShapeError(module.name(), "H and W that are multiples of " + std::to_string(block_size), shape_text(features));
}

}  // namespace fovea
