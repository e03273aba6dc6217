#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/nn/cloneable_module.h>

namespace fovea {

/// Location policy: a Gaussian of two dimensions with mean = range tanh(u), u linear in the state or after one hidden
/// layer; section 3.1 of "Recurrent Models of Visual Attention", arXiv:1406.6247. Differs from the paper: the mean is
/// bounded by `range`, which keeps locations away from the border, and there may be a hidden layer.
class LocationPolicyImpl final : public CloneableModule {
 public:
  /// @param width of the state. @param hidden_features of the hidden layer; 0 = none, as in the paper. @param range largest
  /// coordinate, in (0, 1]. @throws InputError when a number is out of its range.
  explicit LocationPolicyImpl(std::int64_t width, std::int64_t hidden_features = 0, double range = 1);

  /// @param state [R, width]. @return [R, 2] as x, y in [-range, range].
  torch::Tensor mean(const torch::Tensor& state);

  double range() const { return range_; }

  torch::nn::Linear hidden{nullptr};  ///< empty without a hidden layer
  torch::nn::Linear location{nullptr};

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  double range_;
};
TORCH_MODULE(LocationPolicy);

/// Log-density of a Gaussian with the same standard deviation in both dimensions. The gradient flows to the mean only.
/// @param sample draws [..., 2] before clamping, which would bias the gradient. @param mean [..., 2]. @return [...].
torch::Tensor gaussian_log_prob(const torch::Tensor& sample, const torch::Tensor& mean, double standard_deviation);

}  // namespace fovea
