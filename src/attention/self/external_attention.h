#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/attention/mixer.h>
#include <fovea/options/fields.h>

namespace fovea {

struct ExternalAttentionOptions {
  std::int64_t memory_units = 64;  ///< S, how many keys and values the memory holds

  void visit_fields(FieldVisitor& fields);
};

/// External attention, "Beyond Self-attention: External Attention using Two Linear Layers for Visual Tasks",
/// arXiv:2105.02358: the positions attend to a learned memory, the same for all images: Norm(F M_k^T) M_v. The norm is
/// double: a softmax over the positions for each unit of the memory, then each position's weights are divided by their sum.
/// Parameter names are `mk` and `mv`, linear layers without biases. No residual: the block around it has one. Differs from
/// the paper: no linear layer in front of it; a stride averages what the positions get.
class ExternalAttentionImpl final : public Mixer {
 public:
  ExternalAttentionImpl(const InsertionPoint& point, const ExternalAttentionOptions& options);

  /// @param features [N, C, H, W]. @return [N, out, ceil(H / stride), ceil(W / stride)]. Hooks see pairwise weights
  /// [N, 1, H W, S]. @throws ShapeError if features is not 4-D or C differs. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 private:
  std::int64_t channels_, stride_;
  torch::nn::Linear mk_{nullptr}, mv_{nullptr};
};
TORCH_MODULE(ExternalAttention);

}  // namespace fovea
