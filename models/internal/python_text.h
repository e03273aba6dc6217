#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fovea {

/// "[2, 2, 2, 2]".
inline std::string python_list(const std::vector<std::int64_t>& values) {
  std::string list;
  for (const std::int64_t value : values) list += (list.empty() ? "" : ", ") + std::to_string(value);
  return "[" + list + "]";
}

}  // namespace fovea
