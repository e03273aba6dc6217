#pragma once

#include <string>
#include <vector>

#include <torch/torch.h>

namespace fovea {

/// True when `pattern` matches the module, parameter or buffer at `path`: a glob as of fnmatch(3), in which `*` also matches
/// dots, and which matches the whole path or that of an enclosing module. So "layer1" matches "layer1.0.conv1.weight", and
/// "*.bn1" every "bn1" below another module.
bool matches_layer(const std::string& pattern, const std::string& path);

/// Names, as in state_dict(), of the parameters that `pattern` matches, in the order of the network.
/// @param where names the source of the pattern in messages.
/// @throws InputError when there is none; the message suggests the module or parameter with the nearest name.
std::vector<std::string> parameters_matching(const torch::nn::Module& network, const std::string& pattern,
                                             const std::string& where);

}  // namespace fovea
