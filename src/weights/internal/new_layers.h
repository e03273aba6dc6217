#pragma once

#include <string>
#include <vector>

namespace fovea {

/// The pattern of layers that a network has and a file lacks, as an option inserts them: "*.se" when every one of `missing`
/// has a component `se` that none of `present` has. Empty when there is no such component, as between ResNet-18 and
/// ResNet-34, where the missing layers are called like others.
std::string pattern_of_new_layers(const std::vector<std::string>& missing, const std::vector<std::string>& present);

}  // namespace fovea
