#pragma once

#include <cstdint>
#include <memory>

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
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range.
  explicit EffectiveSqueezeExcitationImpl(std::int64_t channels, EffectiveSqueezeExcitationOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see one channel gate [N, C, 1, 1] in [0, 1].
  /// @throws ShapeError if features is not 4-D or C differs. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  EffectiveSqueezeExcitationOptions options_;
  torch::nn::Conv2d fc_{nullptr};
};
TORCH_MODULE(EffectiveSqueezeExcitation);

}  // namespace fovea
