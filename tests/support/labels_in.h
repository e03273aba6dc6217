#pragma once

#include <cstdint>
#include <vector>

#include <fovea/data/dataset.h>

namespace fovea {

/// The labels of a data set, in order.
inline std::vector<std::int64_t> labels_in(const Dataset& dataset) {
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < dataset.size(); ++i) labels.push_back(dataset.label(i));
  return labels;
}

}  // namespace fovea
