#pragma once

#include <string>
#include <utility>
#include <vector>

namespace fovea {

/// `text` with every @name@ replaced by the value of that name. Values are inserted as they are; marks in them stay.
std::string with_values(const std::string& text, const std::vector<std::pair<std::string, std::string>>& values);

}  // namespace fovea
