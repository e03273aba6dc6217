#pragma once

#include <string>
#include <vector>

#include <torch/torch.h>

namespace fovea {

/// Excludes parts of a network from training. The parameters that a pattern matches (see matches()) no longer require
/// gradients and lose the ones they have. A batch norm all of whose parameters are chosen, or that is chosen and has none,
/// goes into evaluation mode: its running statistics are used and no longer updated ("frozen batch norm"). To be called
/// again after network.train(), which takes batch norms out of evaluation mode.
/// @param where names the patterns' source in the message.
/// @throws InputError for a pattern that matches neither a parameter nor a batch norm; nothing is frozen then.
void freeze(torch::nn::Module& network, const std::vector<std::string>& patterns, const std::string& where);

}  // namespace fovea
