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

/// The steps of a recurrent core forwards and, by hand, backwards, in buffers for all T steps. Products that need one step's
/// results only are taken there; what can wait is left to the caller: the gradient of inputs and weights follows from
/// `d_input` and `d_recurrent`, those of all steps at once.
class CoreSteps {
 public:
  virtual ~CoreSteps() = default;

  /// Step t, from `input` [R, inputs] and the step before: fills hidden[t].
  virtual void forward(std::int64_t t, const torch::Tensor& input) = 0;

  /// Makes room for the gradients. @param d_hidden [T, R, width] of what reads the states directly; is changed.
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
