#pragma once

#include <string>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>

namespace fovea {

/// The row of a registry that has this name. @param origin where the name was written. @param what e.g. "a model".
/// @param listing what `fovea list` calls the registry.
/// @throws InputError with the nearest name, and with all of them where they are few.
template <typename Row>
const Row& find_row(const std::vector<Row>& rows, const std::string& name, const std::string& origin,
                    const std::string& what, const std::string& listing) {
  std::vector<std::string> names;
  for (const Row& row : rows) {
    if (row.name == name) return row;
    names.push_back(row.name);
  }
  constexpr std::size_t kFew = 24;
  const std::string nearest = nearest_name(name, names);
  const std::string all = names.size() > kFew ? "" : " (" + join_names(names) + ")";
  throw InputError(origin, what + all, "'" + name + "'",
                   nearest.empty() ? "see fovea list " + listing : "did you mean '" + nearest + "'?");
}

}  // namespace fovea
