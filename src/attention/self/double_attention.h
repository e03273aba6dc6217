#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/attention/mixer.h>
#include <fovea/options/fields.h>

namespace fovea {

struct DoubleAttentionOptions {
  std::int64_t feature_channels = 0;  ///< c_m, width of a descriptor; 0 = a quarter of the input channels
  std::int64_t descriptors = 0;       ///< c_n, number of descriptors; 0 = a quarter of the input channels

  void visit_fields(FieldVisitor& fields);
};

/// Double attention, "A^2-Nets: Double Attention Networks", arXiv:1810.11579: descriptors are gathered from all positions,
/// then distributed to each position: conv_reconstruct(A softmax_positions(B)^T softmax_descriptors(V)), A, B and V
/// convolutions of size 1. Parameter names are `convA`, `convB`, `convV`, `conv_reconstruct`. No residual: the block around
/// it has one. Differs from the paper: nothing; a stride averages the result.
class DoubleAttentionImpl final : public Mixer {
 public:
  /// @throws InputError unless there are channels, or when an option is out of its range.
  DoubleAttentionImpl(std::int64_t in_channels, std::int64_t out_channels, DoubleAttentionOptions options = {});
  explicit DoubleAttentionImpl(const InsertionPoint& point, DoubleAttentionOptions options = {});

  /// @param features [N, C, H, W]. @return [N, out, ceil(H / stride), ceil(W / stride)]. Hooks see the gathering
  /// weights, pairwise [N, 1, c_n, H W], then the distributing weights, pairwise [N, 1, H W, c_n]; rows sum to one.
  /// @throws ShapeError if features is not 4-D or C differs. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  InsertionPoint point_;
  DoubleAttentionOptions options_;
  torch::nn::Conv2d conv_a_{nullptr}, conv_b_{nullptr}, conv_v_{nullptr}, conv_reconstruct_{nullptr};
};
TORCH_MODULE(DoubleAttention);

}  // namespace fovea
