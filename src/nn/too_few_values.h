#pragma once

#include <string>

#include <c10/util/Exception.h>

namespace fovea {

/// True when a norm in training mode gets one value per channel, of which it cannot take statistics: batch norm of one image
/// with one position, instance norm of one position. LibTorch says it in a message alone.
inline bool is_too_few_values(const c10::Error& error) {
  const std::string message = error.what_without_backtrace();
  return message.find("more than 1 value per channel") != std::string::npos ||
         message.find("more than 1 spatial element") != std::string::npos;
}

}  // namespace fovea
