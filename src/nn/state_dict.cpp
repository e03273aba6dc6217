#include <algorithm>
#include <sstream>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/nn/state_dict.h>

namespace fovea {
namespace {

constexpr std::size_t kShown = 3;  // differences quoted of each kind

/// "2 missing (a, b)".
std::string summarise(const std::vector<std::string>& names, const std::string& kind) {
  std::string text = std::to_string(names.size()) + " " + kind + " (";
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) text += (i > 0 ? ", " : "") + names[i];
  return text + (names.size() > kShown ? ", ...)" : ")");
}

std::string shapes_text(const torch::Tensor& expected, const torch::Tensor& got) {
  std::ostringstream text;
  text << " " << expected.sizes() << ", got " << got.sizes();
  return text.str();
}

/// What keeps `given` from fitting `own`, as one line; empty when nothing does.
std::string differences(const NamedTensors& own, const NamedTensors& given) {
  std::vector<std::string> missing, unexpected, reshaped, retyped;
  for (const auto& [name, tensor] : own) {
    const auto found = given.find(name);
    if (found == given.end()) {
      missing.push_back(name);
    } else if (found->second.sizes() != tensor.sizes()) {
      reshaped.push_back(name + shapes_text(tensor, found->second));
    } else if (tensor.dim() > 0 && found->second.is_floating_point() != tensor.is_floating_point()) {  // counters may differ
      retyped.push_back(name + " " + c10::toString(tensor.scalar_type()) + ", got " +
                        c10::toString(found->second.scalar_type()));
    }
  }
  for (const auto& [name, tensor] : given) {
    if (own.contains(name)) continue;
    const std::string nearest = nearest_name(name, missing);
    unexpected.push_back(name + (nearest.empty() ? "" : ", near " + nearest));
  }
  std::vector<std::string> parts;
  if (!missing.empty()) parts.push_back(summarise(missing, "missing"));
  if (!unexpected.empty()) parts.push_back(summarise(unexpected, "unexpected"));
  if (!reshaped.empty()) parts.push_back(summarise(reshaped, "of another shape"));
  if (!retyped.empty()) parts.push_back(summarise(retyped, "of another type"));
  return join_names(parts);
}

}  // namespace

NamedTensors state_dict(const torch::nn::Module& module) {
  NamedTensors state;
  for (const auto& item : module.named_parameters()) state.emplace(item.key(), item.value());
  for (const auto& item : module.named_buffers()) state.emplace(item.key(), item.value());
  return state;
}

void expect_state_fits(const torch::nn::Module& module, const NamedTensors& state, const std::string& where) {
  const NamedTensors own = state_dict(module);
  const std::string difference = differences(own, state);
  if (difference.empty()) return;
  throw InputError(where, "the weights of this " + std::to_string(own.size()) + "-tensor network", difference,
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
