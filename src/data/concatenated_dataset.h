#pragma once

#include <memory>
#include <vector>

#include <fovea/data/dataset.h>
#include <fovea/data/split.h>

namespace fovea {

/// Some samples of a data set.
struct Subset {
  std::shared_ptr<const Dataset> dataset;
  Indices indices;
};

/// The samples of all parts, one part after the other.
/// @throws InputError without a part, and when the parts differ in their classes, channels, or treatment of unreadable
/// files.
std::shared_ptr<const Dataset> concatenated_dataset(std::vector<Subset> parts);

}  // namespace fovea
