#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/options/fields.h>

namespace fovea {

struct SimamOptions {
  double e_lambda = 1e-4;  ///< added to the variance

  void visit_fields(FieldVisitor& fields);
};

/// SimAM, "SimAM: A Simple, Parameter-Free Attention Module for Convolutional Neural Networks", ICML 2021: x * sigmoid((x -
/// m)^2 / (4 (v + e_lambda)) + 1/2), m and v being mean and variance of a channel over the positions: values far from their
/// channel's mean get high gates. No parameters. Differs from the paper: v divides by H W - 1 instead of H W, as in the
/// authors' code; in a map of one position, v is 0.
class SimamImpl final : public Gate {
 public:
  /// @param channels C of the features, at least 1. @throws InputError when an option is out of its range.
  explicit SimamImpl(std::int64_t channels, SimamOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see one dense gate [N, C, H, W] in (0.62, 1).
  /// @throws ShapeError if features is not 4-D or C differs. Does not depend on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  std::int64_t channels_;
  SimamOptions options_;
};
TORCH_MODULE(Simam);

}  // namespace fovea
