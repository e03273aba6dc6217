#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/gate.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Names of the two layers of a squeeze-and-excitation.
enum class ExcitationNames {
  fc,    ///< `fc1` and `fc2`: timm's ResNets, torchvision
  conv,  ///< `conv_reduce` and `conv_expand`: timm's EfficientNets and MobileNets
};

struct SqueezeExcitationOptions {
  double reduction_ratio = 16;        ///< bottleneck width: channels / reduction_ratio
  std::int64_t reduced_channels = 0;  ///< bottleneck width itself; 0 takes it from reduction_ratio and divisor
  std::int64_t divisor = 8;           ///< the width taken from reduction_ratio is a multiple of this
  bool bias = true;                   ///< of both layers
  bool batch_norm = false;            ///< behind the first layer
  bool max_pool = false;              ///< squeeze to the mean of average and maximum instead of the average
  Activation activation = Activation::relu;
  GateFunction gate = GateFunction::sigmoid;
  ExcitationNames names = ExcitationNames::fc;

  void visit_fields(FieldVisitor& fields);
};

/// Squeeze-and-Excitation, "Squeeze-and-Excitation Networks", arXiv:1709.01507: x * gate(W2 activation(W1 mean(x))).
/// Parameter names and the rounding of the bottleneck are timm's (`fc1`, `fc2`, `bn`). The form of timm's EfficientNets and
/// MobileNets is `names: conv, reduction_ratio: 4, divisor: 1`; where C / 4 ends in .5, timm takes the even neighbour there
/// and reduced_channels has to say so.
/// Differs from the paper: the bottleneck is a multiple of 8 wide, at least 8 (divisor), as in timm; batch_norm, max_pool,
/// other activations and hard_sigmoid are timm's options, off by default.
class SqueezeExcitationImpl final : public Gate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range or does not fit.
  explicit SqueezeExcitationImpl(std::int64_t channels, SqueezeExcitationOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see one channel gate [N, C, 1, 1] in [0, 1].
  /// @throws ShapeError if features is not 4-D or C differs. Depends on train/eval mode only with batch_norm;
  /// training then needs N > 1 (ShapeError).
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  SqueezeExcitationOptions options_;
  torch::nn::Conv2d reduce_{nullptr}, expand_{nullptr};
  torch::nn::BatchNorm2d bn_{nullptr};
};
TORCH_MODULE(SqueezeExcitation);

}  // namespace fovea
