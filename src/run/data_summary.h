#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fovea/config/config_node.h>
#include <fovea/data/dataset.h>
#include <fovea/image/image_files.h>

namespace fovea {

/// A data set as it was understood: its classes, the images of its splits, and the files beside them.
struct DataSummary {
  std::string name;                                    ///< of the data set in the registry
  std::vector<std::string> classes;                    ///< of the network
  std::vector<std::pair<Split, std::int64_t>> splits;  ///< number of images of each
  std::vector<std::int64_t> images_per_class;          ///< [K] of the first split
  FileCounts skipped;                                  ///< files that are not read, by kind
};

/// One line: "image_folder, 2 classes (left 32, right 32 in train), 64 images in train, 16 in val and 16 in test; skipped:
/// .gif 3". Of many classes, the first and the last one, and the most and the fewest images.
std::string describe(const DataSummary& summary);

Json to_json(const DataSummary& summary);

}  // namespace fovea
