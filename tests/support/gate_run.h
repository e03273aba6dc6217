#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/attention/mixer.h>
#include <fovea/nn/attention_map.h>
#include <fovea/weights/state_dict.h>

namespace fovea {

/// The result of a gate or mixer and the maps it offered.
struct GateRun {
  torch::Tensor output;
  std::vector<AttentionMap> maps;
};

/// Runs a gate or a mixer once, as float64 and in evaluation mode.
template <typename Module>
GateRun run_module(Module& module, const torch::Tensor& features) {
  module.to(torch::kFloat64);
  module.eval();
  AttentionRecorder recorder(module);
  ForwardContext context;
  context.hooks = &recorder;
  const auto output = module.forward(features, context);
  return {output, recorder.maps};
}

inline GateRun run_gate(Gate& gate, const torch::Tensor& features) {
  return run_module(gate, features);
}

inline GateRun run_mixer(Mixer& mixer, const torch::Tensor& features) {
  return run_module(mixer, features);
}

/// Fills a parameter row by row; makes the whole module float64.
inline void set_parameter(torch::nn::Module& module, const std::string& name, const std::vector<double>& values) {
  const torch::NoGradGuard no_grad;
  module.to(torch::kFloat64);
  auto parameter = module.named_parameters()[name];
  parameter.copy_(torch::tensor(values, torch::kFloat64).view(parameter.sizes()));
}

/// [1, rows, 1, columns]: one image, a channel for each row of values.
inline torch::Tensor channels_of(const std::vector<std::vector<double>>& rows) {
  std::vector<torch::Tensor> channels;
  for (const auto& row : rows) channels.push_back(torch::tensor(row, torch::kFloat64));
  return torch::stack(channels).unsqueeze(0).unsqueeze(2);
}

/// True when two tensors of any shapes have the same values up to rounding in float64.
inline bool nearly_equal(const torch::Tensor& got, const std::vector<double>& want) {
  return torch::allclose(got.flatten(), torch::tensor(want, torch::kFloat64), 1e-12, 1e-12);
}

}  // namespace fovea
