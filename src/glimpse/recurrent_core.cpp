#include <cmath>

#include <fovea/glimpse/recurrent_core.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

/// Number of gates: rows of the weights / width.
std::int64_t gates_of(CoreKind kind) {
  switch (kind) {
    case CoreKind::relu:
      return 1;
    case CoreKind::lstm:
      return 4;
    case CoreKind::gru:
      return 3;
  }
  return 0;
}

}  // namespace

RecurrentCoreImpl::RecurrentCoreImpl(CoreKind kind, std::int64_t inputs, std::int64_t width) : kind_(kind) {
  expect_positive(inputs, "RecurrentCore: inputs");
  const std::int64_t rows = gates_of(kind) * expect_positive(width, "RecurrentCore: width");
  weight_ih = register_parameter("weight_ih", torch::empty({rows, inputs}));
  weight_hh = register_parameter("weight_hh", torch::empty({rows, width}));
  bias_ih = register_parameter("bias_ih", torch::empty({rows}));
  bias_hh = register_parameter("bias_hh", torch::empty({rows}));
  initialise(construction_stream());
}

std::shared_ptr<torch::nn::Module> RecurrentCoreImpl::rebuilt() const {
  return std::make_shared<RecurrentCoreImpl>(kind_, weight_ih.size(1), width());
}

std::vector<torch::Tensor> RecurrentCoreImpl::forward(const torch::Tensor& input,
                                                      const std::vector<torch::Tensor>& state) const {
  const auto zeros = state.empty() ? input.new_zeros({input.size(0), width()}) : torch::Tensor();
  const torch::Tensor& hidden = state.empty() ? zeros : state[0];
  switch (kind_) {
    case CoreKind::relu:
      return {torch::rnn_relu_cell(input, hidden, weight_ih, weight_hh, bias_ih, bias_hh)};
    case CoreKind::gru:
      return {torch::gru_cell(input, hidden, weight_ih, weight_hh, bias_ih, bias_hh)};
    case CoreKind::lstm:
      break;
  }
  const torch::Tensor& cell = state.empty() ? zeros : state[1];
  const auto next = torch::lstm_cell(input, {hidden, cell}, weight_ih, weight_hh, bias_ih, bias_hh);
  return {std::get<0>(next), std::get<1>(next)};
}

void RecurrentCoreImpl::initialise(const RandomStream& stream) {
  const double bound = 1 / std::sqrt(static_cast<double>(width()));
  for (auto& item : named_parameters()) fill_uniform(item.value(), stream.child(item.key()), -bound, bound);
  if (kind_ != CoreKind::relu) return;
  torch::nn::init::eye_(weight_hh);
  torch::nn::init::zeros_(bias_hh);
}

}  // namespace fovea
