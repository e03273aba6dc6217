#pragma once

#include <string>

#include <c10/util/Exception.h>

namespace fovea {

/// True when LibTorch has no memory for a tensor, which it says in a message of its allocator alone.
inline bool is_out_of_memory(const c10::Error& error) {
  const std::string message = error.what_without_backtrace();
  return message.find("allocate memory") != std::string::npos || message.find("out of memory") != std::string::npos;
}

}  // namespace fovea
