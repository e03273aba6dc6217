#pragma once

#include <algorithm>
#include <deque>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <fovea/base/error.h>

namespace fovea {

/// @throws InputError for a name that no row of a registry has; see find_row().
[[noreturn]] void throw_unknown_row(const std::string& name, const std::vector<std::string>& names,
                                    const std::string& origin, const std::string& what, const std::string& listing);

/// The row of a registry that has this name. @param origin where the name was written. @param what e.g. "a model".
/// @param listing what a listing of the rows is called, e.g. "models".
/// @throws InputError with the nearest name, and with all names when there are at most 24.
template <typename Rows>
const typename Rows::value_type& find_row(const Rows& rows, const std::string& name, const std::string& origin,
                                          const std::string& what, const std::string& listing) {
  std::vector<std::string> names;
  for (const auto& row : rows) {
    if (row.name == name) return row;
    names.push_back(row.name);
  }
  throw_unknown_row(name, names, origin, what, listing);
}

/// Appends a row to a registry; references to rows stay valid. @param where names the caller in messages.
/// @return the new row. @throws InputError when its name is empty or taken.
template <typename Row>
const Row& add_row(std::deque<Row>& rows, Row row, const std::string& where) {
  const auto has_its_name = [&](const Row& known) { return known.name == row.name; };
  if (row.name.empty()) throw InputError(where, "a row with a name", "one without");
  if (std::any_of(rows.begin(), rows.end(), has_its_name)) {
    throw InputError(where, "a name that is not taken", "'" + row.name + "'",
                     "it is registered already, choose another name");
  }
  rows.push_back(std::move(row));
  return rows.back();
}

/// Checks a row before it is registered. @param functions true for each required function that is set.
/// @throws InputError when one is not.
void expect_functions(std::initializer_list<bool> functions, const std::string& name, const std::string& where);

}  // namespace fovea
