#pragma once

#include <cstdint>
#include <string>

namespace fovea {

/// Digits in groups of three, "1 234 567".
std::string grouped(std::int64_t number);

}  // namespace fovea
