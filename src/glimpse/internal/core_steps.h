#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/glimpse/recurrent_core.h>

namespace fovea {

/// Weights of a RecurrentCore. Gates are stacked as in torch's cells: LSTM i, f, g, o; GRU r, z, n.
struct CoreWeights {
  torch::Tensor weight_ih, weight_hh, bias_ih, bias_hh;
};

/// Forward and manual backward steps of a recurrent core, in buffers for all T steps. The steps compute only the products
/// that depend on the step before or after. The caller computes the others for all steps at once: the gradients of inputs
/// and weights follow from `d_input` and `d_recurrent`.
class CoreSteps {
 public:
  virtual ~CoreSteps() = default;

  /// Step t, from `input` [R, inputs] and the state of step t - 1: fills hidden[t].
  virtual void forward(std::int64_t t, const torch::Tensor& input) = 0;

  /// Allocates the gradients. @param d_hidden [T, R, width], gradient of the states from the classifier; changed in place.
  virtual void begin_backward(const torch::Tensor& d_hidden) = 0;
  /// Step t, after step t + 1: fills d_input[t] and d_recurrent[t] from the gradient of hidden[t], and adds to that of
  /// hidden[t - 1].
  virtual void backward(std::int64_t t) = 0;

  torch::Tensor hidden;       ///< [T, R, width]
  torch::Tensor d_input;      ///< [T, R, gates], of weight_ih x input + bias_ih
  torch::Tensor d_recurrent;  ///< [T, R, gates], of weight_hh x hidden + bias_hh
};

std::unique_ptr<CoreSteps> make_core_steps(CoreKind kind, const CoreWeights& weights, std::int64_t steps, std::int64_t rows);

}  // namespace fovea
