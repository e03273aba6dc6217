#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/attention/mixer.h>
#include <fovea/options/fields.h>

namespace fovea {

struct DoubleAttentionOptions {
  std::int64_t feature_channels = 0;  ///< c_m, width of what is gathered; 0 = a quarter of the channels that arrive
  std::int64_t descriptors = 0;       ///< c_n, how many vectors are gathered; 0 = a quarter of the channels that arrive

  void visit_fields(FieldVisitor& fields);
};

/// Double attention, "A^2-Nets: Double Attention Networks", arXiv:1810.11579: descriptors are gathered from all positions,
/// then each position matches among them: conv_reconstruct(A softmax_cells(B)^T softmax_descriptors(V)), A, B and V
/// convolutions of size 1. Parameter names are `convA`, `convB`, `convV`, `conv_reconstruct`. No residual: the block around
/// it has one. Differs from the paper: nothing; a stride averages what the positions get.
class DoubleAttentionImpl final : public Mixer {
 public:
  DoubleAttentionImpl(const InsertionPoint& point, const DoubleAttentionOptions& options);

  /// @param features [N, C, H, W]. @return [N, out, ceil(H / stride), ceil(W / stride)]. Hooks see what is gathered,
  /// pairwise [N, 1, c_n, H W], then what is chosen, pairwise [N, 1, H W, c_n]; rows sum to one.
  /// @throws ShapeError if features is not 4-D or C differs. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 private:
  std::int64_t channels_, stride_;
  torch::nn::Conv2d conv_a_{nullptr}, conv_b_{nullptr}, conv_v_{nullptr}, conv_reconstruct_{nullptr};
};
TORCH_MODULE(DoubleAttention);

}  // namespace fovea
