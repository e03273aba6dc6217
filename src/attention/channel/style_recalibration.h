#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

struct StyleRecalibrationOptions {
  GateFunction gate = GateFunction::sigmoid;

  void visit_fields(FieldVisitor& fields);
};

/// Style-based recalibration (SRM), "SRM : A Style-based Recalibration Module for Convolutional Neural Networks",
/// arXiv:1903.10829: x * gate(BN(a_c mean_c + b_c std_c)), mean and standard deviation of each channel over the positions,
/// std = sqrt(variance + 1e-5).
/// Parameter names and initialisation are the authors' (`cfc` [C, 2], initially 0, so that a new gate is 1/2; `bn`).
/// Differs from the paper: the variance divides by H W - 1 instead of H W, as in the authors' code; for a map of one
/// position it is 0.
class StyleRecalibrationImpl final : public Gate, public SelfInitialising {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range.
  explicit StyleRecalibrationImpl(std::int64_t channels, StyleRecalibrationOptions options = {});

  void initialise(const RandomStream& stream) override;

  /// @param features [N, C, H, W]. @return the same shape. Hooks see one channel gate [N, C, 1, 1] in [0, 1].
  /// @throws ShapeError if features is not 4-D or C differs. Batch norm depends on train/eval mode; training
  /// needs N > 1 (ShapeError).
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  StyleRecalibrationOptions options_;
  torch::Tensor cfc_;  ///< [C, 2]
  torch::nn::BatchNorm2d bn_{nullptr};
};
TORCH_MODULE(StyleRecalibration);

}  // namespace fovea
