#include <cmath>

#include <fovea/attention/self/halo_attention.h>

namespace fovea {
namespace {

/// Squares of a grid and what lies in each: [B, D, rows side, columns side] -> [B, rows, columns, side, side, D].
torch::Tensor blocks_of(const torch::Tensor& features, std::int64_t side) {
  return features.unflatten(3, {-1, side}).unflatten(2, {-1, side}).permute({0, 2, 4, 3, 5, 1});
}

}  // namespace

void HaloAttentionOptions::visit_fields(FieldVisitor& fields) {
  GridHeadOptions::visit_fields(fields);
  fields.integer("block_size", block_size, {1, 1024}, "side of a block; height and width are multiples of it");
  fields.integer("halo_size", halo_size, {0, 1024}, "how far a block sees beyond itself");
  fields.boolean("average_down", average_down, "a stride averages the result instead of leaving out queries");
  fields.boolean("scale_position", scale_position, "positions are divided by sqrt(head_channels), as the products are");
}

HaloAttentionImpl::HaloAttentionImpl(const InsertionPoint& point, const HaloAttentionOptions& options)
    : Mixer("HaloAttention"),
      channels_(point.in.channels),
      stride_(point.stride),
      heads_(grid_heads(point.out_channels, options, "halo")),
      block_size_(options.block_size),
      halo_size_(options.halo_size),
      scale_position_(options.scale_position) {
  query_stride_ = options.average_down || block_size_ % stride_ != 0 ? 1 : stride_;
  const auto projection = [&](std::int64_t out, std::int64_t stride) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(channels_, out, 1).stride(stride).bias(options.qkv_bias));
  };
  q_ = register_module("q", projection(heads_.queries(), query_stride_));
  kv_ = register_module("kv", projection(heads_.queries() + heads_.values(), 1));
  const std::int64_t window = block_size_ + 2 * halo_size_;
  pos_embed_ = register_module("pos_embed", std::make_shared<RelativePositionImpl>(window, window, heads_.query));
}

torch::Tensor HaloAttentionImpl::hook_in_image_order(const torch::Tensor& weights, ForwardContext& context) const {
  if (context.hooks == nullptr) return weights;   // spares two copies
  const auto in_order = weights.transpose(3, 4);  // [N, heads, rows, side, columns, side, window^2]
  const std::int64_t side = weights.size(4);
  const HookedTensor about{MapKind::pairwise, Meaning::weights, {weights.size(2) * side, weights.size(3) * side}};
  return context.hook(*this, about, in_order.flatten(2, 5)).reshape(in_order.sizes()).transpose(3, 4);
}

torch::Tensor HaloAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_blocks(*this, features, channels_, block_size_);
  const std::int64_t images = features.size(0), rows = features.size(2) / block_size_,
                     columns = features.size(3) / block_size_;
  const std::int64_t side = block_size_ / query_stride_;  // of a block's queries
  const std::int64_t window = block_size_ + 2 * halo_size_;

  const auto queries = blocks_of(q_(features).unflatten(1, {heads_.heads, -1}).flatten(0, 1), side);
  const auto rim = torch::constant_pad_nd(kv_(features), {halo_size_, halo_size_, halo_size_, halo_size_});
  const auto windows = rim.unflatten(1, {heads_.heads, -1})  // [N, heads, D + V, ...]: keys and values of each head
                           .unfold(3, window, block_size_)
                           .unfold(4, window, block_size_)  // [N, heads, D + V, rows, columns, window, window]
                           .permute({0, 1, 3, 4, 5, 6, 2})
                           .flatten(4, 5)
                           .flatten(0, 3);  // [blocks of all images and heads, window^2, D + V]
  const auto keys = windows.narrow(2, 0, heads_.query);
  const auto values = windows.narrow(2, heads_.query, heads_.value);

  const auto weights = relative_attention(queries.flatten(0, 2), keys, pos_embed_.get(), scale_position_)
                           .view({images, heads_.heads, rows, columns, side, side, window * window});
  const auto attended = torch::bmm(hook_in_image_order(weights, context).flatten(4, 5).flatten(0, 3), values);
  const auto merged = attended.view({images, heads_.heads, rows, columns, side, side, heads_.value})
                          .permute({0, 1, 6, 2, 4, 3, 5})
                          .reshape({images, heads_.values(), rows * side, columns * side});
  return thinned(merged, stride_ / query_stride_);
}

void HaloAttentionImpl::initialise(const RandomStream& stream) {
  const double deviation = 1 / std::sqrt(static_cast<double>(channels_));
  fill_normal(q_->weight, stream.child("q.weight"), deviation);
  fill_normal(kv_->weight, stream.child("kv.weight"), deviation);
}

}  // namespace fovea
