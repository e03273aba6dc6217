#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/gate.h>
#include <fovea/config/fields.h>

namespace fovea {

/// What the two layers of a squeeze-and-excitation are called.
enum class ExcitationNames {
  fc,    ///< `fc1` and `fc2`: timm's ResNets, torchvision
  conv,  ///< `conv_reduce` and `conv_expand`: timm's EfficientNets and MobileNets
};

struct SqueezeExcitationOptions : BottleneckOptions {
  bool bias = true;         ///< of both layers
  bool batch_norm = false;  ///< behind the first layer
  bool max_pool = false;    ///< squeeze to the mean of average and maximum instead of the average
  Activation activation = Activation::relu;
  GateFunction gate = GateFunction::sigmoid;
  ExcitationNames names = ExcitationNames::fc;

  SqueezeExcitationOptions() : BottleneckOptions(16, 8) {}
  void visit_fields(FieldVisitor& fields) override;
};

/// Squeeze-and-Excitation, "Squeeze-and-Excitation Networks", arXiv:1709.01507: x * gate(W2 activation(W1 mean(x))).
/// Parameter names and the rounding of the bottleneck are timm's (`fc1`, `fc2`, `bn`). The form of timm's EfficientNets and
/// MobileNets is `names: conv, reduction_ratio: 4, divisor: 1`; where C / 4 ends in .5, timm takes the even neighbour there
/// and reduced_channels has to say so.
/// Differs from the paper: the bottleneck is a multiple of 8 wide, at least 8 (divisor), as in timm; batch_norm, max_pool,
/// other activations and hard_sigmoid are timm's options, off by default.
class SqueezeExcitation final : public Gate {
 public:
  /// @throws InputError when an option does not fit.
  SqueezeExcitation(std::int64_t channels, const SqueezeExcitationOptions& options);

  /// @param features [N, C, H, W]. @return the same shape. Taps one channel gate [N, C, 1, 1] in [0, 1].
  /// @throws ShapeError if features is not 4-D or C differs. Depends on train/eval mode only with batch_norm;
  /// training then needs N > 1 (ShapeError).
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 private:
  std::int64_t channels_;
  bool max_pool_;
  Activation activation_;
  GateFunction gate_;
  torch::nn::Conv2d reduce_{nullptr}, expand_{nullptr};
  torch::nn::BatchNorm2d bn_{nullptr};
};

}  // namespace fovea
