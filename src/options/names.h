#pragma once

#include <string>
#include <vector>

namespace fovea {

/// The entry of `known` nearest to `name` by edit distance, whatever the case of letters, or "" when none is near.
std::string nearest_name(const std::string& name, const std::vector<std::string>& known);

/// The entry of `names` that `name` most likely means: the first that begins with it ("reduction" of "reduction_ratio"),
/// else the nearest, else the one whose parts begin with its letters ("lr" of "learning_rate"); "" when there is none.
std::string suggested_name(const std::string& name, const std::vector<std::string>& names);

/// "a, b and c".
std::string join_names(const std::vector<std::string>& names);

}  // namespace fovea
