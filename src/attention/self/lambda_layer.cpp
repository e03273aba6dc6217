#include <cmath>
#include <memory>
#include <string>

#include <fovea/attention/positions.h>
#include <fovea/attention/self/lambda_layer.h>
#include <fovea/attention/self/relative_position.h>
#include <fovea/base/error.h>

namespace fovea {

void LambdaLayerOptions::visit_fields(FieldVisitor& fields) {
  GridHeadOptions::visit_fields(fields);
  fields.integer("receptive_field", receptive_field, {0, 255},
                 "odd side of the neighbourhood whose positions count; 0 is the whole map, of a fixed size");
}

LambdaLayerImpl::LambdaLayerImpl(const InsertionPoint& point, const LambdaLayerOptions& options)
    : Mixer("LambdaLayer"),
      shape_(point.in),
      stride_(point.stride),
      heads_(grid_heads(point.out_channels, options, "lambda")) {
  const std::int64_t side = options.receptive_field, key = heads_.query;
  if (side != 0 && side % 2 == 0) throw InputError("lambda: receptive_field", "0 or an odd number", std::to_string(side));
  const std::int64_t projected = heads_.queries() + key + heads_.value;
  const auto projection = torch::nn::Conv2dOptions(shape_.channels, projected, 1).bias(options.qkv_bias);
  qkv_ = register_module("qkv", torch::nn::Conv2d(projection));
  norm_q_ = register_module("norm_q", torch::nn::BatchNorm2d(heads_.queries()));
  norm_v_ = register_module("norm_v", torch::nn::BatchNorm2d(heads_.value));
  if (side > 0) {
    const auto convolution = torch::nn::Conv3dOptions(1, key, {side, side, 1}).padding({side / 2, side / 2, 0});
    conv_lambda_ = register_module("conv_lambda", torch::nn::Conv3d(convolution));
  } else {
    const auto empty = torch::zeros({2 * shape_.height - 1, 2 * shape_.width - 1, key});
    pos_emb_ = register_parameter("pos_emb", empty);
  }
}

torch::Tensor LambdaLayerImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  if (pos_emb_.defined()) {
    expect_grid(*this, features, shape_);
  } else {
    expect_features(*this, features, shape_.channels);
  }
  const std::int64_t height = features.size(2), width = features.size(3);
  const auto parts = qkv_(features).split_with_sizes({heads_.queries(), heads_.query, heads_.value}, 1);
  const auto queries = norm_q_(parts[0]).unflatten(1, {heads_.heads, -1}).flatten(3).permute({0, 3, 1, 2});
  const auto values = norm_v_(parts[2]);                          // [N, V, H, W]
  const auto keys = parts[1].flatten(2).softmax(2).unsqueeze(1);  // [N, 1, K, H W]
  const HookedTensor about{MapKind::pairwise, Meaning::weights, {}, {height, width}};
  const auto hooked = context.hook(*this, about, keys).squeeze(1);
  const auto content = torch::bmm(hooked, values.flatten(2).transpose(1, 2));  // [N, K, V]
  const auto lambdas = position_lambdas(values) + content.unsqueeze(1);        // [N, H W, K, V]
  const auto applied = torch::matmul(queries, lambdas);                        // [N, H W, heads, V]
  const auto merged = applied.permute({0, 2, 3, 1}).reshape({-1, heads_.values(), height, width});
  return thinned(merged, stride_);
}

torch::Tensor LambdaLayerImpl::position_lambdas(const torch::Tensor& values) const {
  return pos_emb_.defined() ? global_lambdas(values) : local_lambdas(values);
}

/// The convolution over [rows, columns, channels of a value] is one over the map for each such channel.
torch::Tensor LambdaLayerImpl::local_lambdas(const torch::Tensor& values) const {
  const std::int64_t side = conv_lambda_->weight.size(2);
  const auto planes = values.flatten(0, 1).unsqueeze(1);  // [N V, 1, H, W]
  const auto lambdas =
      torch::conv2d(planes, conv_lambda_->weight.squeeze(-1), conv_lambda_->bias, /*stride=*/1, /*padding=*/side / 2);
  return lambdas.flatten(2).unflatten(0, {values.size(0), values.size(1)}).permute({0, 3, 2, 1});
}

torch::Tensor LambdaLayerImpl::global_lambdas(const torch::Tensor& values) const {
  const auto distances = [&](std::int64_t length) { return axis_distances(length, length, values.device()); };
  const auto down = distances(shape_.height).unsqueeze(1).unsqueeze(3);   // [H, 1, H, 1]
  const auto across = distances(shape_.width).unsqueeze(0).unsqueeze(2);  // [1, W, 1, W]
  const std::int64_t positions = shape_.height * shape_.width;
  const auto embedding = pos_emb_.index({down, across}).view({positions, positions, -1});  // [H W, H W, K]
  const auto rows = embedding.transpose(1, 2).flatten(0, 1);                               // [H W K, H W]
  const auto lambdas = torch::matmul(rows, values.flatten(2).transpose(1, 2));             // [N, H W K, V]
  return lambdas.unflatten(1, {positions, -1});
}

void LambdaLayerImpl::initialise(const RandomStream& stream) {
  const auto deviation = [](std::int64_t channels) { return 1 / std::sqrt(static_cast<double>(channels)); };
  fill_normal(qkv_->weight, stream.child("qkv.weight"), deviation(shape_.channels));
  if (conv_lambda_) fill_normal(conv_lambda_->weight, stream.child("conv_lambda.weight"), deviation(heads_.query));
  if (pos_emb_.defined()) fill_normal(pos_emb_, stream.child("pos_emb"), 0.02);
}

}  // namespace fovea
