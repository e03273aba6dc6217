#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/attention/mixer.h>
#include <fovea/options/fields.h>

namespace fovea {

struct ExternalAttentionOptions {
  std::int64_t memory_units = 64;  ///< S, number of keys and values in the memory

  void visit_fields(FieldVisitor& fields);
};

/// External attention, "Beyond Self-attention: External Attention using Two Linear Layers for Visual Tasks",
/// arXiv:2105.02358: the positions attend to a learned memory, the same for all images: Norm(F M_k^T) M_v. The norm is
/// double: a softmax over the positions for each unit of the memory, then each position's weights are divided by their sum.
/// Parameter names are `mk` and `mv`, linear layers without biases. No residual: the block around it has one. Differs from
/// the paper: no linear layer in front of it; a stride averages the result.
class ExternalAttentionImpl final : public Mixer {
 public:
  /// @throws InputError unless there are channels, or when an option is out of its range.
  ExternalAttentionImpl(std::int64_t in_channels, std::int64_t out_channels, ExternalAttentionOptions options = {});
  explicit ExternalAttentionImpl(const InsertionPoint& point, ExternalAttentionOptions options = {});

  /// @param features [N, C, H, W]. @return [N, out, ceil(H / stride), ceil(W / stride)]. Hooks see pairwise weights
  /// [N, 1, H W, S]. @throws ShapeError if features is not 4-D or C differs. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  InsertionPoint point_;
  ExternalAttentionOptions options_;
  torch::nn::Linear mk_{nullptr}, mv_{nullptr};
};
TORCH_MODULE(ExternalAttention);

}  // namespace fovea
