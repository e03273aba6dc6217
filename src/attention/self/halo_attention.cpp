#include <cmath>

#include <fovea/attention/self/halo_attention.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

/// Square blocks of a grid: [B, D, rows side, columns side] -> [B, rows, columns, side, side, D].
torch::Tensor blocks_of(const torch::Tensor& features, std::int64_t side) {
  return features.unflatten(3, {-1, side}).unflatten(2, {-1, side}).permute({0, 2, 4, 3, 5, 1});
}

}  // namespace

void HaloAttentionOptions::visit_fields(FieldVisitor& fields) {
  visit_grid_heads(fields, *this);
  fields.integer("block_size", block_size, {1, 1024}, "side of a block; height and width are multiples of it");
  fields.integer("halo_size", halo_size, {0, 1024}, "width of the halo, the positions around a block that are keys too");
  fields.boolean("average_down", average_down, "average the result for a stride instead of subsampling the queries");
  fields.boolean("scale_position", scale_position, "divide position logits by sqrt(head_channels), like the dot products");
}

HaloAttentionImpl::HaloAttentionImpl(std::int64_t in_channels, std::int64_t out_channels, HaloAttentionOptions options)
    : HaloAttentionImpl(InsertionPoint{.kind = InsertionKind::conv, .in = {in_channels}, .out_channels = out_channels},
                        options) {}

HaloAttentionImpl::HaloAttentionImpl(const InsertionPoint& point, HaloAttentionOptions options)
    : Mixer("HaloAttention"),
      point_(expect_mixer_channels(point, "HaloAttention")),
      options_(expect_in_range(options, "HaloAttention")),
      heads_(grid_heads(point.out_channels, options, "halo")),
      query_stride_(options.average_down || options.block_size % point.stride != 0 ? 1 : point.stride) {
  const auto projection = [&](std::int64_t out, std::int64_t stride) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(point.in.channels, out, 1).stride(stride).bias(options.qkv_bias));
  };
  q_ = register_module("q", projection(heads_.queries(), query_stride_));
  kv_ = register_module("kv", projection(heads_.queries() + heads_.values(), 1));
  const std::int64_t window = options.block_size + 2 * options.halo_size;
  pos_embed_ = register_module("pos_embed", std::make_shared<RelativePositionImpl>(window, window, heads_.query));
  initialise(construction_stream());
}

torch::Tensor HaloAttentionImpl::hook_in_image_order(const torch::Tensor& weights, ForwardContext& context) const {
  if (context.hooks == nullptr) return weights;   // spares two copies
  const auto in_order = weights.transpose(3, 4);  // [N, heads, rows, side, columns, side, window^2]
  const std::int64_t side = weights.size(4);
  const HookedTensor about{MapKind::pairwise, Meaning::weights, {weights.size(2) * side, weights.size(3) * side}};
  return context.hook(*this, about, in_order.flatten(2, 5)).reshape(in_order.sizes()).transpose(3, 4);
}

torch::Tensor HaloAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  const std::int64_t block = options_.block_size, halo = options_.halo_size;
  expect_blocks(*this, features, point_.in.channels, block);
  const std::int64_t images = features.size(0), rows = features.size(2) / block, columns = features.size(3) / block;
  const std::int64_t side = block / query_stride_;  // of a block's queries
  const std::int64_t window = block + 2 * halo;

  const auto queries = blocks_of(q_(features).unflatten(1, {heads_.heads, -1}).flatten(0, 1), side);
  const auto padded = torch::constant_pad_nd(kv_(features), {halo, halo, halo, halo});
  const auto windows = padded
                           .unflatten(1, {heads_.heads, -1})  // [N, heads, D + V, ...]: keys and values of each head
                           .unfold(3, window, block)
                           .unfold(4, window, block)  // [N, heads, D + V, rows, columns, window, window]
                           .permute({0, 1, 3, 4, 5, 6, 2})
                           .flatten(4, 5)
                           .flatten(0, 3);  // [blocks of all images and heads, window^2, D + V]
  const auto keys = windows.narrow(2, 0, heads_.query);
  const auto values = windows.narrow(2, heads_.query, heads_.value);

  const auto weights = relative_attention(queries.flatten(0, 2), keys, pos_embed_.get(), options_.scale_position)
                           .view({images, heads_.heads, rows, columns, side, side, window * window});
  const auto attended = torch::bmm(hook_in_image_order(weights, context).flatten(4, 5).flatten(0, 3), values);
  const auto merged = attended.view({images, heads_.heads, rows, columns, side, side, heads_.value})
                          .permute({0, 1, 6, 2, 4, 3, 5})
                          .reshape({images, heads_.values(), rows * side, columns * side});
  return average_strided(merged, point_.stride / query_stride_);
}

void HaloAttentionImpl::initialise(const RandomStream& stream) {
  const double standard_deviation = 1 / std::sqrt(static_cast<double>(point_.in.channels));
  fill_normal(q_->weight, stream.child("q.weight"), standard_deviation);
  fill_normal(kv_->weight, stream.child("kv.weight"), standard_deviation);
}

std::shared_ptr<torch::nn::Module> HaloAttentionImpl::rebuilt() const {
  return std::make_shared<HaloAttentionImpl>(point_, options_);
}

}  // namespace fovea
