#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/attention/mixer.h>
#include <fovea/attention/self/grid_heads.h>
#include <fovea/nn/initialise.h>

namespace fovea {

struct LambdaLayerOptions {
  std::int64_t heads = 4;
  std::int64_t head_channels = 16;  ///< of a query and a key; 0 takes it from query_ratio
  double query_ratio = 1;           ///< channels of all queries / output channels, to a multiple of 8
  bool qkv_bias = false;            ///< in the projections to queries, keys and values
  /// Side of the neighbourhood with relative positions, odd; 0 = the whole map, whose size is then fixed.
  std::int64_t receptive_field = 9;

  void visit_fields(FieldVisitor& fields);
};

/// Lambda layer, "LambdaNetworks: Modeling Long-Range Interactions Without Attention", arXiv:2102.08602. The context is
/// summed up as a linear function, a lambda, and applied to the queries: y_n = (sum_m softmax_m(k)_m v_m^T + sum_m e_nm
/// v_m^T)^T q_n, with e_nm a learned vector for the position of m relative to n. Keys and values are shared by all heads.
/// Parameter names and defaults are timm's (`qkv`, `norm_q`, `norm_v`, `conv_lambda` or, with receptive_field 0, `pos_emb`).
/// Differs from the paper: the intra-depth u is 1, and conv_lambda has a bias, both as in timm. Differs from timm: any
/// number of output channels.
class LambdaLayerImpl final : public Mixer, public SelfInitialising {
 public:
  /// @param in_channels C of the features; with a receptive_field of 0, the whole shape `in` of the features is needed.
  /// @throws InputError when an option is out of its range or does not fit the channels.
  LambdaLayerImpl(std::int64_t in_channels, std::int64_t out_channels, LambdaLayerOptions options = {});
  LambdaLayerImpl(const FeatureShape& in, std::int64_t out_channels, LambdaLayerOptions options = {});
  explicit LambdaLayerImpl(const InsertionPoint& point, LambdaLayerOptions options = {});

  /// @param features [N, C, H, W], H and W those it was built for if receptive_field is 0. @return [N, out, ceil(H /
  /// stride), ceil(W / stride)]; a stride averages. Hooks see the content's weights, pairwise [N, 1, head_channels, H W]:
  /// one map for each channel of the keys, which sums to one over the positions. @throws ShapeError for any other shape.
  /// Depends on train/eval mode through its norms.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

  /// As in timm: normal, qkv with a standard deviation of C^-1/2, conv_lambda of head_channels^-1/2, pos_emb of 0.02.
  void initialise(const RandomStream& stream) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  /// The lambdas of the positions, [N, H W, head_channels, V]. @param values [N, V, H, W].
  torch::Tensor position_lambdas(const torch::Tensor& values) const;
  torch::Tensor local_lambdas(const torch::Tensor& values) const;
  torch::Tensor global_lambdas(const torch::Tensor& values) const;

  InsertionPoint point_;
  LambdaLayerOptions options_;
  GridHeads heads_;
  torch::nn::Conv2d qkv_{nullptr};
  torch::nn::BatchNorm2d norm_q_{nullptr}, norm_v_{nullptr};
  torch::nn::Conv3d conv_lambda_{nullptr};  ///< [head_channels, 1, r, r, 1]
  torch::Tensor pos_emb_;                   ///< [2 H - 1, 2 W - 1, head_channels]
};
TORCH_MODULE(LambdaLayer);

}  // namespace fovea
