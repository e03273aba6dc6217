#pragma once

#include <cstdint>
#include <string>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Declares the fields of the heads of attention over a grid, named as in timm's bottleneck, halo and lambda layers: heads,
/// head_channels, query_ratio and qkv_bias.
template <typename MechanismOptions>
void visit_grid_heads(FieldVisitor& fields, MechanismOptions& options) {
  fields.integer("heads", options.heads, {1, 1 << 16}, "number of heads, a divisor of the output channels");
  fields.integer("head_channels", options.head_channels, {0, 1 << 16},
                 "channels of one head's query and key; 0 takes them from query_ratio");
  fields.real("query_ratio", options.query_ratio, {.minimum = 0, .maximum = 64, .minimum_open = true},
              "channels of all queries / output channels, to a multiple of 8");
  fields.boolean("qkv_bias", options.qkv_bias, "biases in the projections to queries, keys and values");
}

/// Number of heads, and channels of one.
struct GridHeads {
  std::int64_t heads;
  std::int64_t query;  ///< of a query, and of a key
  std::int64_t value;

  std::int64_t queries() const { return heads * query; }  ///< channels of all queries; of all keys as many
  std::int64_t values() const { return heads * value; }
};

/// @param out_channels of all values. @param head_channels of a query and a key; 0 takes them from query_ratio. @param
/// mechanism for messages. @throws InputError when heads does not divide out_channels, when a query would have no channels,
/// or when head_channels and query_ratio are both set.
GridHeads grid_heads(std::int64_t out_channels, std::int64_t heads, std::int64_t head_channels, double query_ratio,
                     const std::string& mechanism);

/// The same for options with these fields.
template <typename MechanismOptions>
GridHeads grid_heads(std::int64_t out_channels, const MechanismOptions& options, const std::string& mechanism) {
  return grid_heads(out_channels, options.heads, options.head_channels, options.query_ratio, mechanism);
}

/// [N, heads D, H, W] -> [N heads, H, W, D].
torch::Tensor split_grid_heads(const torch::Tensor& features, std::int64_t heads);

/// [N heads, H W, D] -> [N, heads D, H, W].
torch::Tensor merge_grid_heads(const torch::Tensor& positions, std::int64_t heads, std::int64_t height, std::int64_t width);

/// Average pooling of `stride` x `stride` positions, fewer at the edge: [N, C, H, W] -> [N, C, ceil(H / stride), ceil(W /
/// stride)].
torch::Tensor average_strided(const torch::Tensor& features, std::int64_t stride);

/// Advice for expect_shape().
inline constexpr const char* kRelativePositionsAdvice = "its relative positions are for that height and width";

/// expect_features() for a height and width that are multiples of `block_size`. @throws ShapeError.
void expect_blocks(const torch::nn::Module& module, const torch::Tensor& features, std::int64_t channels,
                   std::int64_t block_size);

}  // namespace fovea
