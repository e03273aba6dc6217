#pragma once

#include <memory>
#include <string>
#include <vector>

#include <fovea/data/dataset.h>

namespace fovea {

/// The data set with the labels of a trained model, whose classes may be more and in another order; classes are matched by
/// name. Returns the data set itself when the classes are equal.
/// @param names names of the data set's classes as the model calls them; empty: its own.
/// @throws InputError when the data set has a class that is not among `class_names`.
std::shared_ptr<const Dataset> relabelled_dataset(std::shared_ptr<const Dataset> dataset,
                                                  const std::vector<std::string>& class_names,
                                                  const std::vector<std::string>& names = {});

}  // namespace fovea
