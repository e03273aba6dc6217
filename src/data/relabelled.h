#pragma once

#include <memory>
#include <string>
#include <vector>

#include <fovea/data/dataset.h>

namespace fovea {

/// A data set under the classes of a trained model, which may be more than its own, and in another order: labels are
/// matched by name. The data set itself when nothing differs.
/// @throws InputError when the data set has a class that is not among `class_names`.
std::shared_ptr<const Dataset> relabelled(std::shared_ptr<const Dataset> dataset,
                                          const std::vector<std::string>& class_names);

}  // namespace fovea
