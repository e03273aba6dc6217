#pragma once

#include <cstdint>
#include <string>

#include <fovea/options/fields.h>

namespace fovea {

/// Checks every field against the range that it is declared with: the rule that configurations are read by, for options
/// that were set in C++. @param where names the options in the message, e.g. "Cbam".
/// @throws InputError `<where>: <field>: expected ..., got ...` for the first field out of its range.
void expect_in_range(Options& options, const std::string& where);

/// The same for plain options, which come back: for a constructor's list of initialisers.
template <PlainOptions T>
T expect_in_range(T options, const std::string& where) {
  OptionsView view(options);
  expect_in_range(static_cast<Options&>(view), where);
  return options;
}

/// @return the value. @throws InputError `<where>: expected an integer >= 1, got ...`.
std::int64_t expect_positive(std::int64_t value, const std::string& where);

}  // namespace fovea
