#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/options/names.h>

namespace fovea {

/// The name that somebody meant who wrote `name`: one that goes on from there, or the nearest; empty when none is near.
inline std::string meant_name(const std::string& name, const std::vector<std::string>& names) {
  const auto longer = std::find_if(names.begin(), names.end(),
                                   [&](const std::string& known) { return name.size() > 2 && known.starts_with(name); });
  return longer != names.end() ? *longer : nearest_name(name, names);
}

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
  const std::string nearest = meant_name(name, names);
  const std::string all = names.size() > kFew ? "" : " (" + join_names(names) + ")";
  throw InputError(origin, what + all, "'" + name + "'",
                   nearest.empty() ? "see fovea list " + listing : "did you mean '" + nearest + "'?");
}

}  // namespace fovea
