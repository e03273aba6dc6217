#pragma once

#include <string>
#include <vector>

namespace fovea {

/// The entry of `known` nearest to `name` by edit distance, whatever the case of letters, or "" when none is near.
std::string nearest_name(const std::string& name, const std::vector<std::string>& known);

/// "a, b and c".
std::string join_names(const std::vector<std::string>& names);

}  // namespace fovea
