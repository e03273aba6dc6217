#pragma once

#include <string>
#include <vector>

#include <torch/torch.h>

namespace fovea {

/// Whether `pattern` matches the module, parameter or buffer at `path`: a glob as of fnmatch(3), in which `*` also crosses
/// dots, that matches the whole path or that of a module around it. "layer1" so matches "layer1.0.conv1.weight", and "*.bn1"
/// every "bn1" below another module.
bool matches(const std::string& pattern, const std::string& path);

/// The names, as in state_dict(), of the parameters that `pattern` matches, in the network's order.
/// @param where names the pattern's source in the message.
/// @throws InputError when there is none, with the module or parameter whose name is nearest.
std::vector<std::string> parameters_matching(const torch::nn::Module& network, const std::string& pattern,
                                             const std::string& where);

}  // namespace fovea
