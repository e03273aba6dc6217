#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/config/config_node.h>

namespace fovea {

/// For ports that read a constructor's arguments themselves. @throws InputError naming one that they do not read.
inline void expect_known_arguments(const Json& arguments, const std::vector<std::string>& known) {
  for (const auto& [name, value] : arguments.items()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    throw InputError("golden", "an argument we have an option for", "'" + name + "'");
  }
}

}  // namespace fovea
