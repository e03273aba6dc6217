#pragma once

#include <cstdint>
#include <string>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/options/fields.h>

namespace fovea {

/// How wide the heads of attention over a grid are, as timm's bottleneck, halo and lambda layers say it.
struct GridHeadOptions {
  std::int64_t heads;
  std::int64_t head_channels;  ///< of a query and a key; 0 takes it from query_ratio
  double query_ratio = 1;      ///< channels of all queries / channels that come out, to a multiple of 8
  bool qkv_bias = false;       ///< in the projections to queries, keys and values

  explicit GridHeadOptions(std::int64_t default_heads, std::int64_t default_head_channels = 0)
      : heads(default_heads), head_channels(default_head_channels) {}
  void visit_fields(FieldVisitor& fields);
};

/// Heads and the channels of one.
struct GridHeads {
  std::int64_t heads;
  std::int64_t query;  ///< of a query, and of a key
  std::int64_t value;

  std::int64_t queries() const { return heads * query; }  ///< channels of all queries; of all keys as many
  std::int64_t values() const { return heads * value; }
};

/// @param out_channels of all values. @param mechanism for messages. @throws InputError when heads does not divide
/// out_channels, when a query would have no channels, or when head_channels and query_ratio are both set.
GridHeads grid_heads(std::int64_t out_channels, const GridHeadOptions& options, const std::string& mechanism);

/// [N, heads D, H, W] -> [N heads, H, W, D].
torch::Tensor split_grid_heads(const torch::Tensor& features, std::int64_t heads);

/// [N heads, H W, D] -> [N, heads D, H, W].
torch::Tensor merge_grid_heads(const torch::Tensor& positions, std::int64_t heads, std::int64_t height, std::int64_t width);

/// Means of `stride` x `stride` positions, of fewer at the edge: [N, C, H, W] -> [N, C, ceil(H / stride), ceil(W / stride)].
torch::Tensor thinned(const torch::Tensor& features, std::int64_t stride);

/// expect_features() for a height and width that were fixed when the module was built. @throws ShapeError.
void expect_grid(const torch::nn::Module& module, const torch::Tensor& features, const FeatureShape& shape);

/// expect_features() for a height and width that are multiples of `block_size`. @throws ShapeError.
void expect_blocks(const torch::nn::Module& module, const torch::Tensor& features, std::int64_t channels,
                   std::int64_t block_size);

}  // namespace fovea
