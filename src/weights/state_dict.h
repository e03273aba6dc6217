#pragma once

#include <string>

#include <torch/torch.h>

#include <fovea/nn/named_tensors.h>

namespace fovea {

/// Parameters and buffers by name, sharing the module's memory.
NamedTensors state_dict(const torch::nn::Module& module);

/// Copies `state` into the module's parameters and buffers, in place, so that storage shared with other modules stays
/// shared. Strict: names and shapes must match. @param where names the source in the message.
/// @throws InputError that lists missing keys, unexpected keys (with the nearest name), shape and dtype mismatches.
void load_state_dict(torch::nn::Module& module, const NamedTensors& state, const std::string& where);

/// Check of load_state_dict(), without loading.
void expect_state_fits(const torch::nn::Module& module, const NamedTensors& state, const std::string& where);

/// A deep copy of state_dict().
NamedTensors copy_state(const torch::nn::Module& module);

/// The tensors whose names begin with `prefix`, without it.
NamedTensors with_prefix_removed(const NamedTensors& tensors, const std::string& prefix);

/// Adds `tensors` to `target` under `prefix` + name.
void add_with_prefix(NamedTensors& target, const NamedTensors& tensors, const std::string& prefix);

}  // namespace fovea
