#pragma once

#include <string>

namespace fovea {

/// "1:05" or "2:03:20".
std::string duration_text(double seconds);

}  // namespace fovea
