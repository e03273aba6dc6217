#pragma once

#include <cstdint>
#include <string>

#include <fovea/options/fields.h>

namespace fovea {

/// Checks every field of options that were set in C++ against its declared range, as reading a configuration does.
/// @param where names the options in the message, e.g. "Cbam".
/// @throws InputError `<where>: <field>: expected ..., got ...` for the first field out of its range.
void expect_in_range(Options& options, const std::string& where);

/// Likewise for plain options. @return the options, so that a constructor's initialiser list can check them.
template <PlainOptions T>
T expect_in_range(T options, const std::string& where) {
  OptionsView view(options);
  expect_in_range(static_cast<Options&>(view), where);
  return options;
}

/// @return the value. @throws InputError `<where>: expected ..., got ...` when it is not in the range.
double expect_in_range(double value, RealRange range, const std::string& where);

/// @return the value. @throws InputError `<where>: expected an integer >= 1, got ...`.
std::int64_t expect_positive(std::int64_t value, const std::string& where);

}  // namespace fovea
