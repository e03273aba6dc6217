#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/options/fields.h>

namespace fovea {

struct EffectiveSqueezeExcitationOptions {
  bool max_pool = false;  ///< squeeze to the mean of average and maximum instead of the average
  GateFunction gate = GateFunction::hard_sigmoid;

  void visit_fields(FieldVisitor& fields);
};

/// Effective squeeze-and-excitation, from "CenterMask : Real-Time Anchor-Free Instance Segmentation", arXiv:1911.06667:
/// x * gate(W mean(x)), one C x C layer with bias instead of a bottleneck that loses channels.
/// Parameter names are timm's (`fc`). Differs from the paper: max_pool is timm's option, off by default.
class EffectiveSqueezeExcitationImpl final : public Gate {
 public:
  EffectiveSqueezeExcitationImpl(std::int64_t channels, const EffectiveSqueezeExcitationOptions& options);

  /// @param features [N, C, H, W]. @return the same shape. Hooks see one channel gate [N, C, 1, 1] in [0, 1].
  /// @throws ShapeError if features is not 4-D or C differs. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 private:
  std::int64_t channels_;
  bool max_pool_;
  GateFunction gate_;
  torch::nn::Conv2d fc_{nullptr};
};
TORCH_MODULE(EffectiveSqueezeExcitation);

}  // namespace fovea
