#pragma once

#include <cstdint>
#include <vector>

#include <fovea/data/dataset.h>
#include <fovea/data/split.h>

namespace fovea {

/// How the images of a training epoch are chosen.
enum class Sampling {
  shuffled,  ///< each once, in random order
  balanced   ///< each class equally often, in random order
};

/// One use of an image in an epoch.
struct ImageUse {
  std::int64_t index = 0;
  std::int64_t repetition = 0;  ///< tells the uses of one image from each other: 0 of one of them, then 1, 2, ...
};

using EpochOrder = std::vector<ImageUse>;

/// One use of each index, in their order.
EpochOrder once_each(const Indices& indices);

/// The indices of each class that has any of them, in their order; classes in order of their labels.
std::vector<Indices> group_by_class(const Dataset& dataset, const Indices& indices);

/// A random order of as many uses as there are indices in all classes, with equally many of each class. What is left over
/// goes to one class each, to others in the next epoch. Where a class's share is no multiple of its images, some of them,
/// chosen at random, are used once more than others. Depends on (seed, epoch) only.
/// @param classes none of them empty.
EpochOrder balanced_order(const std::vector<Indices>& classes, std::uint64_t seed, std::int64_t epoch);

}  // namespace fovea
