#include <cmath>
#include <memory>
#include <string>

#include <fovea/attention/internal/odd_kernel.h>
#include <fovea/attention/positions.h>
#include <fovea/attention/self/lambda_layer.h>
#include <fovea/attention/self/relative_position.h>
#include <fovea/base/error.h>
#include <fovea/options/check.h>

namespace fovea {

void LambdaLayerOptions::visit_fields(FieldVisitor& fields) {
  visit_grid_heads(fields, *this);
  fields.integer("receptive_field", receptive_field, {0, 255},
                 "odd side of the neighbourhood with relative positions; 0 is the whole map, whose size is then fixed");
}

LambdaLayerImpl::LambdaLayerImpl(std::int64_t in_channels, std::int64_t out_channels, LambdaLayerOptions options)
    : LambdaLayerImpl(FeatureShape{in_channels}, out_channels, options) {}

LambdaLayerImpl::LambdaLayerImpl(const FeatureShape& in, std::int64_t out_channels, LambdaLayerOptions options)
    : LambdaLayerImpl(InsertionPoint{.kind = InsertionKind::conv, .in = in, .out_channels = out_channels}, options) {}

LambdaLayerImpl::LambdaLayerImpl(const InsertionPoint& point, LambdaLayerOptions options)
    : Mixer("LambdaLayer"),
      point_(expect_mixer_channels(point, "LambdaLayer")),
      options_(expect_in_range(options, "LambdaLayer")),
      heads_(grid_heads(point.out_channels, options, "lambda")) {
  const std::int64_t side = options.receptive_field, key = heads_.query;
  if (side != 0) expect_odd(side, "lambda: receptive_field", "0 or an odd number");
  const std::int64_t projected = heads_.queries() + key + heads_.value;
  const auto projection = torch::nn::Conv2dOptions(point.in.channels, projected, 1).bias(options.qkv_bias);
  qkv_ = register_module("qkv", torch::nn::Conv2d(projection));
  norm_q_ = register_module("norm_q", torch::nn::BatchNorm2d(heads_.queries()));
  norm_v_ = register_module("norm_v", torch::nn::BatchNorm2d(heads_.value));
  if (side > 0) {
    const auto convolution = torch::nn::Conv3dOptions(1, key, {side, side, 1}).padding({side / 2, side / 2, 0});
    conv_lambda_ = register_module("conv_lambda", torch::nn::Conv3d(convolution));
  } else {
    expect_size(point, "LambdaLayer");
    const auto empty = torch::zeros({2 * point.in.height - 1, 2 * point.in.width - 1, key});
    pos_emb_ = register_parameter("pos_emb", empty);
  }
  initialise(construction_stream());
}

torch::Tensor LambdaLayerImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  if (pos_emb_.defined()) {
    expect_shape(*this, features, point_.in, kRelativePositionsAdvice);
  } else {
    expect_features(*this, features, point_.in.channels);
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
  return average_strided(merged, point_.stride);
}

torch::Tensor LambdaLayerImpl::position_lambdas(const torch::Tensor& values) const {
  return pos_emb_.defined() ? global_lambdas(values) : local_lambdas(values);
}

/// Computes the 3-D convolution over [H, W, V] as a 2-D convolution for each of the V channels.
torch::Tensor LambdaLayerImpl::local_lambdas(const torch::Tensor& values) const {
  const std::int64_t side = conv_lambda_->weight.size(2);
  const auto planes = values.flatten(0, 1).unsqueeze(1);  // [N V, 1, H, W]
  const auto lambdas =
      torch::conv2d(planes, conv_lambda_->weight.squeeze(-1), conv_lambda_->bias, /*stride=*/1, /*padding=*/side / 2);
  return lambdas.flatten(2).unflatten(0, {values.size(0), values.size(1)}).permute({0, 3, 2, 1});
}

torch::Tensor LambdaLayerImpl::global_lambdas(const torch::Tensor& values) const {
  const auto distances = [&](std::int64_t length) { return axis_distances(length, length, values.device()); };
  const auto down = distances(values.size(2)).unsqueeze(1).unsqueeze(3);    // [H, 1, H, 1]
  const auto across = distances(values.size(3)).unsqueeze(0).unsqueeze(2);  // [1, W, 1, W]
  const std::int64_t positions = values.size(2) * values.size(3);
  const auto embedding = pos_emb_.index({down, across}).view({positions, positions, -1});  // [H W, H W, K]
  const auto rows = embedding.transpose(1, 2).flatten(0, 1);                               // [H W K, H W]
  const auto lambdas = torch::matmul(rows, values.flatten(2).transpose(1, 2));             // [N, H W K, V]
  return lambdas.unflatten(1, {positions, -1});
}

void LambdaLayerImpl::initialise(const RandomStream& stream) {
  const auto standard_deviation = [](std::int64_t channels) { return 1 / std::sqrt(static_cast<double>(channels)); };
  fill_normal(qkv_->weight, stream.child("qkv.weight"), standard_deviation(point_.in.channels));
  if (conv_lambda_) fill_normal(conv_lambda_->weight, stream.child("conv_lambda.weight"), standard_deviation(heads_.query));
  if (pos_emb_.defined()) fill_normal(pos_emb_, stream.child("pos_emb"), 0.02);
}

std::shared_ptr<torch::nn::Module> LambdaLayerImpl::rebuilt() const {
  return std::make_shared<LambdaLayerImpl>(point_, options_);
}

}  // namespace fovea
