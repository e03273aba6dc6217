#pragma once

#include <CLI/CLI.hpp>

#include <fovea/base/error.h>

namespace fovea {

/// Error of a command line, like every other: `<command or option>: expected ..., got ...; <what to do>`.
/// Unknown commands and options get a suggestion.
/// @param app in the state in which CLI::App::parse() threw `error`.
InputError usage_error(const CLI::App& app, const CLI::ParseError& error);

}  // namespace fovea
