#pragma once

#include <cstdint>
#include <vector>

#include <fovea/data/dataset.h>
#include <fovea/data/split.h>

namespace fovea {

/// Sampling of the images of a training epoch.
enum class Sampling {
  shuffled,  ///< each once, in random order
  balanced   ///< each class equally often, in random order
};

/// One use of an image in an epoch.
struct ImageUse {
  std::int64_t index = 0;
  std::int64_t repetition = 0;  ///< number of this use of the image: 0, 1, 2, ...
};

using EpochOrder = std::vector<ImageUse>;

/// One use of each index, in their order.
EpochOrder once_each(const Indices& indices);

/// Indices grouped by class, in their order; classes without indices are omitted, the others are in the order of labels.
std::vector<Indices> group_by_class(const Dataset& dataset, const Indices& indices);

/// Random order with as many uses as there are indices, and equally many of each class. The remainder goes to one class
/// each, to others in the next epoch. When the uses of a class are not a multiple of its images, some random images are used
/// once more than others. Depends on (seed, epoch) only.
/// @param classes indices of each class; none empty.
EpochOrder balanced_order(const std::vector<Indices>& classes, std::uint64_t seed, std::int64_t epoch);

}  // namespace fovea
