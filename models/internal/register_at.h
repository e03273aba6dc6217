#pragma once

#include <memory>
#include <string>
#include <utility>

#include <torch/torch.h>

namespace fovea {

/// Module at a dotted path below `owner`, or `owner` itself at "". Missing levels are registered as plain modules,
/// containers like the torch.nn.Sequential of the network whose names are used.
inline torch::nn::Module& module_at(torch::nn::Module& owner, const std::string& path) {
  if (path.empty()) return owner;
  const std::size_t dot = path.find('.');
  const std::string name = path.substr(0, dot);
  const auto children = owner.named_children();
  const auto* found = children.find(name);
  torch::nn::Module& child =
      found != nullptr ? **found : *owner.register_module(name, std::make_shared<torch::nn::Module>());
  return module_at(child, dot == std::string::npos ? "" : path.substr(dot + 1));
}

/// Module::register_module() for a dotted path, e.g. "features.0.1". @param module a holder or a shared pointer.
template <typename Module>
auto register_at(torch::nn::Module& owner, const std::string& path, Module module) {
  const std::size_t dot = path.rfind('.');
  if (dot == std::string::npos) return owner.register_module(path, std::move(module));
  return module_at(owner, path.substr(0, dot)).register_module(path.substr(dot + 1), std::move(module));
}

}  // namespace fovea
