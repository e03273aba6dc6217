#include <fovea/base/error.h>
#include <fovea/weights/state_dict.h>
#include <fovea/weights/weights_report.h>

namespace fovea {

NamedTensors state_dict(const torch::nn::Module& module) {
  NamedTensors state;
  for (const auto& item : module.named_parameters()) state.emplace(item.key(), item.value());
  for (const auto& item : module.named_buffers()) state.emplace(item.key(), item.value());
  return state;
}

void expect_state_fits(const torch::nn::Module& module, const NamedTensors& state, const std::string& where) {
  const NamedTensors own = state_dict(module);
  const WeightsReport report = compare_weights(own, state);
  if (report.fits()) return;
  throw InputError(where, "the weights of this " + std::to_string(own.size()) + "-tensor network", report.summary(),
                   "the file belongs to another architecture");
}

void load_state_dict(torch::nn::Module& module, const NamedTensors& state, const std::string& where) {
  expect_state_fits(module, state, where);
  const torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : state_dict(module)) {
    torch::Tensor(tensor).copy_(state.at(name));  // in place: the module's own storage
  }
}

NamedTensors copy_state(const torch::nn::Module& module) {
  NamedTensors copy;
  for (const auto& [name, tensor] : state_dict(module)) copy.emplace(name, tensor.detach().clone());
  return copy;
}

NamedTensors with_prefix_removed(const NamedTensors& tensors, const std::string& prefix) {
  NamedTensors selected;
  for (const auto& [name, tensor] : tensors) {
    if (name.starts_with(prefix)) selected.emplace(name.substr(prefix.size()), tensor);
  }
  return selected;
}

void add_with_prefix(NamedTensors& target, const NamedTensors& tensors, const std::string& prefix) {
  for (const auto& [name, tensor] : tensors) target.emplace(prefix + name, tensor);
}

}  // namespace fovea
