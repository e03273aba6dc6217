#pragma once

#include <string>
#include <vector>

#include <fovea/run/catalogue.h>

namespace fovea {

// Each gives one row with the keys of a section, of kind kSectionKind, and one for each implementation that a key of it
// selects by name, e.g. `sgd` of kind `train.optimizer`. Options have their full names, `train.optimizer.momentum`.

std::vector<CatalogueRow> train_section();
std::vector<CatalogueRow> data_section();
std::vector<CatalogueRow> preprocess_section();

/// The rows of a section with those options alone that a name means: one key (`epochs`), the keys of a group (`optimizer`)
/// or of an implementation (`sgd`). Full names are accepted too (`train.epochs`).
/// @throws InputError for a name that means none, with the nearest one.
std::vector<CatalogueRow> matching_keys(std::vector<CatalogueRow> rows, const std::string& name);

}  // namespace fovea
