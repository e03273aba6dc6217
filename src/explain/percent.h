#pragma once

#include <cstdio>
#include <string>

namespace fovea {

/// "87.5 %". @param decimals digits behind the point.
inline std::string percent(double probability, int decimals) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f %%", decimals, 100 * probability);
  return text;
}

}  // namespace fovea
