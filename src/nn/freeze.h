#pragma once

#include <string>
#include <vector>

#include <torch/torch.h>

namespace fovea {

/// Freezes layers. The parameters that a pattern matches (see matches_layer()) get requires_grad(false), and their gradients
/// are cleared. A batch norm all of whose parameters match, or that matches and has none, goes into evaluation mode: its
/// running statistics are used and not updated ("frozen batch norm"). Call freeze() again after network.train(), which puts
/// batch norms back into training mode.
/// @param where names the source of the patterns in messages.
/// @throws InputError for a pattern that matches neither a parameter nor a batch norm; no layer is frozen then.
void freeze(torch::nn::Module& network, const std::vector<std::string>& patterns, const std::string& where);

}  // namespace fovea
