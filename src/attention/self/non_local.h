#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/gate.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Scale of the scores before the softmax.
enum class NonLocalVariant {
  timm,      ///< channels^-1/2
  official,  ///< reduced channels^-1/2, with which the authors' released networks were trained
  paper,     ///< 1: its embedded Gaussian has no scale; all else as in the others
};

/// The bottleneck is that of queries, keys and values.
struct NonLocalOptions {
  double reduction_ratio = 8;         ///< bottleneck width: channels / reduction_ratio
  std::int64_t reduced_channels = 0;  ///< bottleneck width itself; 0 takes it from reduction_ratio and divisor
  std::int64_t divisor = 8;           ///< the width taken from reduction_ratio is a multiple of this
  NonLocalVariant variant = NonLocalVariant::timm;

  void visit_fields(FieldVisitor& fields);
};

/// Non-local block in its embedded Gaussian form, "Non-local Neural Networks", arXiv:1711.07971:
/// x + BN(z(softmax(scale t(x)^T p(x)) g(x))), t, p, g and z convolutions of size 1. Parameter names and defaults are timm's
/// (`t`, `p`, `g`, `z`, `norm`). The norm's scale is initially 0, so a new block is the identity.
/// Differs from the paper: the width is an eighth of the channels, not a half, and the scores are scaled (variant), both as
/// in timm; keys and values are not subsampled. Variant paper changes the scale alone; its width is `reduction_ratio: 2`.
class NonLocalImpl final : public Gate, public SelfInitialising {
 public:
  /// @param channels C of the features. @throws InputError when an option is out of its range or does not fit.
  explicit NonLocalImpl(std::int64_t channels, NonLocalOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see pairwise weights [N, 1, H W, H W].
  /// @throws ShapeError if features is not 4-D or C differs. Depends on train/eval mode through its norm.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

  void initialise(const RandomStream& stream) override;
  bool is_identity_initially() const override { return true; }

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  NonLocalOptions options_;
  double scale_;
  torch::nn::Conv2d t_{nullptr}, p_{nullptr}, g_{nullptr}, z_{nullptr};
  torch::nn::BatchNorm2d norm_{nullptr};
};
TORCH_MODULE(NonLocal);

}  // namespace fovea
