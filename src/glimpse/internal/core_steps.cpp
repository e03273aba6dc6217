#include <fovea/glimpse/internal/core_steps.h>

namespace fovea {
namespace {

/// Common base of the cells: weights, widths, and the gradient of the step before.
class CellSteps : public CoreSteps {
 public:
  CellSteps(const CoreWeights& weights, std::int64_t steps, std::int64_t rows)
      : weights_(weights), width_(weights.weight_hh.size(1)), steps_(steps), rows_(rows) {
    hidden = buffer(width_);
  }

 protected:
  /// [T, R, features].
  torch::Tensor buffer(std::int64_t features) const {
    return torch::empty({steps_, rows_, features}, weights_.weight_hh.options());
  }
  std::int64_t gates() const { return weights_.weight_hh.size(0); }
  torch::Tensor gate(const torch::Tensor& stacked, std::int64_t t, std::int64_t number, std::int64_t count = 1) const {
    return stacked.select(0, t).narrow(1, number * width_, count * width_);
  }
  /// sums[t] = weight_ih input + weight_hh hidden[t - 1] + both biases.
  void add_products(torch::Tensor sums, std::int64_t t, const torch::Tensor& input) const {
    at::addmm_out(sums, bias_, input, weights_.weight_ih.t());
    if (t > 0) sums.addmm_(hidden.select(0, t - 1), weights_.weight_hh.t());  // the first state is 0
  }
  void add_to_step_before(std::int64_t t) const {
    if (t > 0) d_hidden_.select(0, t - 1).addmm_(d_recurrent.select(0, t), weights_.weight_hh);
  }

  CoreWeights weights_;
  torch::Tensor bias_ = weights_.bias_ih + weights_.bias_hh;
  std::int64_t width_, steps_, rows_;
  torch::Tensor d_hidden_;
};

class ReluSteps final : public CellSteps {
 public:
  using CellSteps::CellSteps;

  void forward(std::int64_t t, const torch::Tensor& input) override {
    auto state = hidden.select(0, t);
    add_products(state, t, input);
    state.relu_();
  }

  void begin_backward(const torch::Tensor& d_hidden) override { d_hidden_ = d_input = d_recurrent = d_hidden; }

  void backward(std::int64_t t) override {
    auto gradient = d_hidden_.select(0, t);
    at::threshold_backward_out(gradient, gradient, hidden.select(0, t), 0);
    add_to_step_before(t);
  }
};

class LstmSteps final : public CellSteps {
 public:
  LstmSteps(const CoreWeights& weights, std::int64_t steps, std::int64_t rows)
      : CellSteps(weights, steps, rows), gates_(buffer(gates())), cell_(buffer(width_)), squashed_(buffer(width_)) {}

  void forward(std::int64_t t, const torch::Tensor& input) override {
    add_products(gates_.select(0, t), t, input);
    gate(gates_, t, kInput, 2).sigmoid_();  // and kForget behind it
    gate(gates_, t, kCandidate).tanh_();
    gate(gates_, t, kOutput).sigmoid_();
    auto cell = cell_.select(0, t), squashed = squashed_.select(0, t), state = hidden.select(0, t);
    at::mul_out(cell, gate(gates_, t, kInput), gate(gates_, t, kCandidate));
    if (t > 0) cell.addcmul_(gate(gates_, t, kForget), cell_.select(0, t - 1));
    at::tanh_out(squashed, cell);
    at::mul_out(state, gate(gates_, t, kOutput), squashed);
  }

  void begin_backward(const torch::Tensor& d_hidden) override {
    d_hidden_ = d_hidden;
    d_input = d_recurrent = buffer(gates());
    d_cell_ = torch::zeros({rows_, width_}, d_hidden.options());
    product_ = torch::empty_like(d_cell_);
  }

  void backward(std::int64_t t) override {
    const auto d_state = d_hidden_.select(0, t), squashed = squashed_.select(0, t);
    const auto input = gate(gates_, t, kInput), forget = gate(gates_, t, kForget);
    const auto candidate = gate(gates_, t, kCandidate), output = gate(gates_, t, kOutput);
    at::mul_out(product_, d_state, output);
    d_cell_.add_(at::tanh_backward_out(product_, product_, squashed));
    sigmoid_gradient(t, kOutput, d_state, squashed, output);
    sigmoid_gradient(t, kInput, d_cell_, candidate, input);
    at::mul_out(product_, d_cell_, input);
    auto d_candidate = gate(d_input, t, kCandidate);
    at::tanh_backward_out(d_candidate, product_, candidate);
    if (t > 0) {
      sigmoid_gradient(t, kForget, d_cell_, cell_.select(0, t - 1), forget);
    } else {
      gate(d_input, t, kForget).zero_();  // of a cell that was 0
    }
    d_cell_.mul_(forget);
    add_to_step_before(t);
  }

 private:
  enum Gate : std::int64_t { kInput, kForget, kCandidate, kOutput };

  /// d_input of a sigmoid gate with value `gate_value`, of which `gradient` x `factor` is the gradient.
  void sigmoid_gradient(std::int64_t t, Gate number, const torch::Tensor& gradient, const torch::Tensor& factor,
                        const torch::Tensor& gate_value) {
    at::mul_out(product_, gradient, factor);
    auto result = gate(d_input, t, number);
    at::sigmoid_backward_out(result, product_, gate_value);
  }

  torch::Tensor gates_;            ///< behind their nonlinearities
  torch::Tensor cell_, squashed_;  ///< [T, R, width]; squashed = tanh(cell)
  torch::Tensor d_cell_, product_;
};

class GruSteps final : public CellSteps {
 public:
  GruSteps(const CoreWeights& weights, std::int64_t steps, std::int64_t rows)
      : CellSteps(weights, steps, rows), gates_(buffer(gates())), recurrent_(buffer(gates())) {}

  void forward(std::int64_t t, const torch::Tensor& input) override {
    auto sums = gates_.select(0, t), recurrent = recurrent_.select(0, t), state = hidden.select(0, t);
    at::addmm_out(sums, weights_.bias_ih, input, weights_.weight_ih.t());
    if (t > 0) {
      at::addmm_out(recurrent, weights_.bias_hh, hidden.select(0, t - 1), weights_.weight_hh.t());
    } else {
      recurrent.copy_(weights_.bias_hh.expand_as(recurrent));
    }
    gate(gates_, t, kReset, 2).add_(gate(recurrent_, t, kReset, 2)).sigmoid_();  // and kUpdate behind it
    const auto candidate = gate(gates_, t, kCandidate);
    candidate.addcmul_(gate(gates_, t, kReset), gate(recurrent_, t, kCandidate)).tanh_();
    const auto update = gate(gates_, t, kUpdate);
    if (t > 0) {
      at::sub_out(state, hidden.select(0, t - 1), candidate);
      state.mul_(update).add_(candidate);
    } else {
      at::mul_out(state, candidate, update);
      at::sub_out(state, candidate, state);
    }
  }

  void begin_backward(const torch::Tensor& d_hidden) override {
    d_hidden_ = d_hidden;
    d_input = buffer(gates());
    d_recurrent = buffer(gates());
    product_ = torch::empty({rows_, width_}, d_hidden.options());
  }

  void backward(std::int64_t t) override {
    const auto d_state = d_hidden_.select(0, t);
    const auto reset = gate(gates_, t, kReset), update = gate(gates_, t, kUpdate), candidate = gate(gates_, t, kCandidate);
    auto d_reset = gate(d_input, t, kReset), d_update = gate(d_input, t, kUpdate),
         d_candidate = gate(d_input, t, kCandidate);
    at::mul_out(product_, d_state, update);
    at::sub_out(product_, d_state, product_);
    at::tanh_backward_out(d_candidate, product_, candidate);
    at::mul_out(product_, d_candidate, gate(recurrent_, t, kCandidate));
    at::sigmoid_backward_out(d_reset, product_, reset);
    if (t > 0) {
      at::sub_out(product_, hidden.select(0, t - 1), candidate);
    } else {
      at::neg_out(product_, candidate);
    }
    product_.mul_(d_state);
    at::sigmoid_backward_out(d_update, product_, update);
    gate(d_recurrent, t, kReset, 2).copy_(gate(d_input, t, kReset, 2));
    auto d_recurrent_candidate = gate(d_recurrent, t, kCandidate);
    at::mul_out(d_recurrent_candidate, d_candidate, reset);
    if (t > 0) d_hidden_.select(0, t - 1).addcmul_(d_state, update);
    add_to_step_before(t);
  }

 private:
  enum Gate : std::int64_t { kReset, kUpdate, kCandidate };

  torch::Tensor gates_;      ///< behind their nonlinearities
  torch::Tensor recurrent_;  ///< weight_hh hidden + bias_hh
  torch::Tensor product_;
};

}  // namespace

std::unique_ptr<CoreSteps> make_core_steps(CoreKind kind, const CoreWeights& weights, std::int64_t steps,
                                           std::int64_t rows) {
  switch (kind) {
    case CoreKind::relu:
      return std::make_unique<ReluSteps>(weights, steps, rows);
    case CoreKind::lstm:
      return std::make_unique<LstmSteps>(weights, steps, rows);
    case CoreKind::gru:
      return std::make_unique<GruSteps>(weights, steps, rows);
  }
  return nullptr;
}

}  // namespace fovea
