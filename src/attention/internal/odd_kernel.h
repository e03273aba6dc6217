#pragma once

#include <cstdint>
#include <string>

#include <fovea/base/error.h>

namespace fovea {

/// @return the kernel's size. @param where names the option, e.g. "cbam: kernel_size". @param expected sizes, for the
/// message.
/// @throws InputError unless it is odd.
inline std::int64_t expect_odd(std::int64_t kernel_size, const std::string& where,
                               const std::string& expected = "an odd number") {
  if (kernel_size % 2 == 0) throw InputError(where, expected, std::to_string(kernel_size));
  return kernel_size;
}

/// Padding with which a convolution keeps height and width. @throws InputError unless the kernel's side is odd.
inline std::int64_t padding_of_odd_kernel(std::int64_t kernel_size, const std::string& where) {
  return expect_odd(kernel_size, where) / 2;
}

}  // namespace fovea
