#include "duration_text.h"

#include <cmath>
#include <cstdio>

namespace fovea {

std::string duration_text(double seconds) {
  const auto total = static_cast<long>(std::ceil(seconds));
  char text[64];
  if (total >= 3600) {
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", total / 3600, total / 60 % 60, total % 60);
  } else {
    std::snprintf(text, sizeof text, "%ld:%02ld", total / 60, total % 60);
  }
  return text;
}

}  // namespace fovea
