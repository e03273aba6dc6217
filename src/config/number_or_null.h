#pragma once

#include <optional>

#include <fovea/config/config_node.h>

namespace fovea {

/// A number in a document, where there is one.
inline Json number_or_null(const std::optional<double>& number) {
  return number ? Json(*number) : Json(nullptr);
}

}  // namespace fovea
