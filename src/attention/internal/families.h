#pragma once

#include <memory>
#include <vector>

#include <fovea/attention/registry.h>

namespace fovea {

// The rows of the registry: one list for each folder of mechanisms.

std::vector<MechanismRow> channel_mechanisms();  ///< which channels matter
std::vector<MechanismRow> spatial_mechanisms();  ///< which positions matter, alone or with channels
std::vector<MechanismRow> branch_mechanisms();   ///< which of several branches
std::vector<MechanismRow> self_mechanisms();     ///< self-attention: positions attend to each other
std::vector<MechanismRow> context_mechanisms();  ///< a query pools the positions into one vector
std::vector<MechanismRow> warp_mechanisms();     ///< where the features are sampled

/// For MechanismRow::build: a gate that is built from the number of channels that arrive and its options.
template <typename GateType, typename GateOptions>
GateBuilder gate_of_channels() {
  return [](const Options& options, const InsertionPoint& point) {
    return std::make_shared<GateType>(point.in.channels, options_cast<GateOptions>(options));
  };
}

/// For MechanismRow::build: a module that is built from its insertion point and its options. @tparam Base Gate, Mixer, Pool
/// or Warp.
template <typename Base, typename Module, typename ModuleOptions>
std::function<std::shared_ptr<Base>(const Options&, const InsertionPoint&)> built_at_point() {
  return [](const Options& options, const InsertionPoint& point) {
    return std::make_shared<Module>(point, options_cast<ModuleOptions>(options));
  };
}

}  // namespace fovea
