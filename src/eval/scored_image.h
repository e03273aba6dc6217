#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace fovea {

/// Scores of one image.
struct ScoredImage {
  std::int64_t position = 0;        ///< in the split, from 0; images that are skipped as unreadable have one, too
  std::optional<std::string> path;  ///< see Dataset::path()
  std::int64_t label = 0;
  std::int64_t predicted = 0;             ///< the most probable class, the first of equal ones
  std::span<const double> probabilities;  ///< [K] of each class, with the sum 1; only valid during the call
};

/// Receives the images of an evaluation, in the split's order.
using ReceiveScoredImage = std::function<void(const ScoredImage&)>;

}  // namespace fovea
