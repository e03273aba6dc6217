#pragma once

#include <string>

#include <fovea/data/dataset.h>

namespace fovea {

/// Checks the folder of a data set before its files are opened.
/// @param advice how to get the data, for the message. @throws InputError when `root` is no folder.
void require_data_folder(const std::string& root, const std::string& advice);

/// True for `train`, false for `test`. @throws InputError for `validation`, which no data set ships: it is split off train.
bool is_training_split(Split split);

}  // namespace fovea
