#pragma once

#include <string>

#include <c10/util/Exception.h>

namespace fovea {

/// What a norm in training needs, and what the user can do, for messages.
inline constexpr const char* kEnoughValues = "two values or more per channel for a norm in training";
inline constexpr const char* kMoreValuesAdvice =
    "set train.batch_size to 2 or more, or preprocess the images to a larger size";

/// True when a norm in training mode gets one value per channel, of which it cannot take statistics: batch norm of one image
/// with one position, instance norm of one position. LibTorch says it in a message alone.
inline bool is_too_few_values(const c10::Error& error) {
  const std::string message = error.what_without_backtrace();
  return message.find("more than 1 value per channel") != std::string::npos ||
         message.find("more than 1 spatial element") != std::string::npos;
}

}  // namespace fovea
