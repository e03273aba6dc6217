#pragma once

#include <memory>
#include <vector>

#include <fovea/attention/registry.h>

namespace fovea {

// The rows of the registry: one list for each folder of mechanisms.

std::vector<MechanismRow> channel_mechanisms();  ///< channel attention
std::vector<MechanismRow> spatial_mechanisms();  ///< spatial attention, alone or with channels
std::vector<MechanismRow> branch_mechanisms();   ///< attention over branches
std::vector<MechanismRow> self_mechanisms();     ///< self-attention over positions
std::vector<MechanismRow> context_mechanisms();  ///< attention pooling of positions by a query
std::vector<MechanismRow> warp_mechanisms();     ///< resampling of features

/// MechanismRow::build of a gate that is constructed from the number of input channels and its options.
template <typename GateType, typename GateOptions>
GateBuilder gate_of_channels() {
  return [](const Options& options, const InsertionPoint& point) {
    return std::make_shared<GateType>(point.in.channels, options_cast<GateOptions>(options));
  };
}

/// MechanismRow::build of a module that is constructed from its insertion point and its options. @tparam Base Gate, Mixer,
/// Pool or Warp.
template <typename Base, typename Module, typename ModuleOptions>
std::function<std::shared_ptr<Base>(const Options&, const InsertionPoint&)> built_at_point() {
  return [](const Options& options, const InsertionPoint& point) {
    return std::make_shared<Module>(point, options_cast<ModuleOptions>(options));
  };
}

}  // namespace fovea
