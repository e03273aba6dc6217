#pragma once

#include <optional>

#include <fovea/config/config_node.h>

namespace fovea {

/// The number, or null for None.
inline Json number_or_null(const std::optional<double>& number) {
  return number ? Json(*number) : Json(nullptr);
}

}  // namespace fovea
