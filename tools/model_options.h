#pragma once

#include <CLI/CLI.hpp>

#include <fovea/run/open_model.h>

#include "program.h"

namespace fovea {

/// MODEL, --weights, --rename, --classes and --set. @param arguments must outlive the parsing.
void add_model_options(CLI::App& command, ModelArguments& arguments);

/// `arguments` with --seed as the last setting.
ModelArguments with_seed(ModelArguments arguments, const GlobalOptions& global);

}  // namespace fovea
