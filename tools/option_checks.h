#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <fovea/options/ranges.h>

namespace fovea {

// Checks of an option's text, for CLI::Option::check(). They see it before CLI11 converts it, so that every message is
// `--option: expected ..., got ...`, as those of a configuration.

CLI::Validator integer_in(IntegerRange range);
CLI::Validator number_in(RealRange range);

/// One of a few words; a mistyped one gets a suggestion.
CLI::Validator one_of(std::vector<std::string> words);

/// Expands a leading `~`; see expand_home(). For CLI::Option::transform().
CLI::Validator home_path();

/// Type of an option's value as the help names it, e.g. DIR.
std::string value_type(const CLI::Option& option);

/// Values that the checks of an option accept, e.g. "an integer >= 0"; empty without checks.
std::string allowed_values(const CLI::Option& option);

}  // namespace fovea
