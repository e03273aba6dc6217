#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Norm of a channel over its positions.
enum class ChannelNorm {
  l1,  ///< sum of absolute values
  l2,  ///< root of the sum of squares
};

struct GatedChannelTransformationOptions {
  ChannelNorm norm = ChannelNorm::l2;

  void visit_fields(FieldVisitor& fields);
};

/// Gated channel transformation (GCT), "Gated Channel Transformation for Visual Recognition", arXiv:1909.11519: x * (1 +
/// tanh(gamma e / n + beta)). With l2: e_c = alpha_c sqrt(sum x_c^2 + 1e-5) over the positions and n = sqrt(mean e^2 + 1e-5)
/// over the channels; with l1: e_c = alpha_c sum |x_c| and n = mean |e| + 1e-5. Channels compete where gamma is negative and
/// support each other where it is positive.
/// Parameter names and initialisation are the authors' (`alpha` 1, `gamma` 0, `beta` 0, each [1, C, 1, 1]): a new gate is
/// the identity. Differs from the paper: 1e-5 is added to the mean over channels instead of the sum, as in the authors'
/// code.
class GatedChannelTransformationImpl final : public Gate, public SelfInitialising {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range.
  explicit GatedChannelTransformationImpl(std::int64_t channels, GatedChannelTransformationOptions options = {});

  void initialise(const RandomStream& stream) override;
  bool is_identity_initially() const override { return true; }

  /// @param features [N, C, H, W]. @return the same shape. Hooks see the factors, in (0, 2), as a channel map [N, C, 1, 1].
  /// @throws ShapeError if features is not 4-D or C differs. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  GatedChannelTransformationOptions options_;
  torch::Tensor alpha_, gamma_, beta_;  ///< [1, C, 1, 1] each
};
TORCH_MODULE(GatedChannelTransformation);

}  // namespace fovea
