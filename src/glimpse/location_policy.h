#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/nn/cloneable_module.h>

namespace fovea {

/// Where to look next: a Gaussian in the plane around mean = range tanh(u), u linear in the state or behind one hidden
/// layer; section 3.1 of "Recurrent Models of Visual Attention", arXiv:1406.6247. Differs from the paper: the mean is
/// bounded, so that centres keep away from the border, and there may be a hidden layer.
class LocationPolicyImpl final : public CloneableModule {
 public:
  /// @param width of the state. @param hidden_features of the hidden layer; 0 = none, as in the paper. @param range largest
  /// coordinate, in (0, 1]. @throws InputError when a number is out of its range.
  explicit LocationPolicyImpl(std::int64_t width, std::int64_t hidden_features = 0, double range = 1);

  /// @param state [R, width]. @return [R, 2] as x, y in [-range, range].
  torch::Tensor mean(const torch::Tensor& state);

  double range() const { return range_; }

  torch::nn::Linear hidden{nullptr};  ///< empty when there is none
  torch::nn::Linear location{nullptr};

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  double range_;
};
TORCH_MODULE(LocationPolicy);

/// Logarithm of the density of a Gaussian with the same deviation along both axes. The gradient flows to the mean alone.
/// @param sample what was drawn, as it was drawn: clamping it first would bias the gradient. [..., 2]. @param mean likewise.
/// @return [...].
torch::Tensor gaussian_log_prob(const torch::Tensor& sample, const torch::Tensor& mean, double deviation);

}  // namespace fovea
