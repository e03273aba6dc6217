#pragma once

#include <cstdint>
#include <string>

#include <fovea/base/error.h>

namespace fovea {

/// Padding with which a convolution keeps height and width. @param where names the option, e.g. "cbam: kernel_size". @throws
/// InputError unless the kernel's side is odd.
inline std::int64_t padding_of_odd_kernel(std::int64_t kernel_size, const std::string& where) {
  if (kernel_size % 2 == 0) throw InputError(where, "an odd number", std::to_string(kernel_size));
  return kernel_size / 2;
}

}  // namespace fovea
