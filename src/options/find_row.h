#pragma once

#include <algorithm>
#include <deque>
#include <initializer_list>
#include <string>
#include <utility>
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
template <typename Rows>
const typename Rows::value_type& find_row(const Rows& rows, const std::string& name, const std::string& origin,
                                          const std::string& what, const std::string& listing) {
  std::vector<std::string> names;
  for (const auto& row : rows) {
    if (row.name == name) return row;
    names.push_back(row.name);
  }
  constexpr std::size_t kFew = 24;
  const std::string nearest = meant_name(name, names);
  const std::string all = names.size() > kFew ? "" : " (" + join_names(names) + ")";
  throw InputError(origin, what + all, "'" + name + "'",
                   nearest.empty() ? "see fovea list " + listing : "did you mean '" + nearest + "'?");
}

/// Adds a row behind those of a registry; references to rows stay valid. @param where names the caller in messages.
/// @return the row in its place. @throws InputError when it has no name, or the name of another row.
template <typename Row>
const Row& add_row(std::deque<Row>& rows, Row row, const std::string& where) {
  const auto has_its_name = [&](const Row& known) { return known.name == row.name; };
  if (row.name.empty()) throw InputError(where, "a row with a name", "one without");
  if (std::any_of(rows.begin(), rows.end(), has_its_name)) {
    throw InputError(where, "a name that is not taken", "'" + row.name + "'", "it is registered already");
  }
  rows.push_back(std::move(row));
  return rows.back();
}

/// For a row that is about to be registered. @param functions whether each function that rows must have is there.
/// @throws InputError when one is not.
inline void expect_functions(std::initializer_list<bool> functions, const std::string& name, const std::string& where) {
  for (const bool is_there : functions) {
    if (!is_there) throw InputError(where + ": " + name, "every function that a row must have", "an empty one");
  }
}

}  // namespace fovea
