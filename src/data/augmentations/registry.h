#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fovea/data/augmentations/augmentation.h>

namespace fovea {

/// One augmentation. The configuration section `data.augment`, `fovea list` and the tests read this.
struct AugmentationRow {
  std::string name;   ///< in configurations; also names the row's random stream
  std::string title;  ///< of the paper that describes it
  std::string arxiv;  ///< e.g. "1708.04896"
  std::string help;
  std::function<std::unique_ptr<Augmentation>()> make;                     ///< with every option at its default
  std::function<std::unique_ptr<Augmentation>(const Augmentation&)> copy;  ///< of one that make() returned
};

/// Every augmentation, in the order they are applied.
const std::vector<AugmentationRow>& augmentation_registry();

}  // namespace fovea
