#pragma once

#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <fovea/base/error.h>
#include <fovea/data/dataset.h>
#include <fovea/run/model.h>
#include <fovea/run/photo_files.h>
#include <fovea/run/with_photo.h>

#include "program.h"

namespace fovea {

/// Arguments that choose a network and its weights.
struct ModelArguments {
  std::string model;    ///< a run directory, a model file, or (with weights) a configuration or a registry name
  std::string weights;  ///< a file or a run directory; empty when the model contains them
  std::vector<std::string> settings;
  std::vector<std::string> renames;
  std::string key;      ///< of a dict within the weights
  std::string classes;  ///< a file of class names
};

/// Adds MODEL, --weights, --key, --rename, --classes and --set. @param arguments must outlive the parsing.
void add_model_options(CLI::App& command, ModelArguments& arguments);

/// Adds --key. @param file names the file of weights in the help.
void add_key_option(CLI::App& command, std::string& key, const std::string& file);

/// The split of --split. @throws InputError for another text.
Split parse_split(const std::string& name);

/// Opens MODEL, with --seed as the last setting.
Model open_model(const ModelArguments& arguments, const GlobalOptions& global);

/// Opens MODEL for photos. @throws InputError when a trained model is opened with settings, which only its data set uses.
Model open_photo_model(const ModelArguments& arguments, const GlobalOptions& global);

}  // namespace fovea
