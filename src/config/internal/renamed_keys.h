#pragma once

#include <string>
#include <vector>

namespace fovea {

/// Current name of a key, or of a key's value, that had another name in an earlier version. @param names the names that are
/// known where `old_name` was found. @return empty when none of them replaced it.
std::string renamed_key(const std::string& old_name, const std::vector<std::string>& names);

}  // namespace fovea
