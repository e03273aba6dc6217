#pragma once

#include <optional>
#include <string>
#include <vector>

namespace fovea {

/// Program that wrote weights, as their keys tell.
struct KeyOrigin {
  const char* keys;    ///< "the keys are those of Hugging Face's transformers"
  const char* advice;  ///< what to do where no rename helps
};

/// Origin of the keys of a file; none when they are of no known program.
std::optional<KeyOrigin> origin_of_keys(const std::vector<std::string>& keys);

}  // namespace fovea
