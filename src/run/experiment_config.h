#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fovea/config/fields.h>
#include <fovea/data/augment.h>
#include <fovea/data/preprocess.h>
#include <fovea/data/sampler.h>
#include <fovea/datasets/registry.h>
#include <fovea/models/model_field.h>
#include <fovea/train/train_options.h>

namespace fovea {

/// The configuration section `data`: a name, what all data sets have in common, and the set's own options.
class DataField final : public CustomField {
 public:
  void read(const ConfigNode& value, const std::string& path) override;
  Json write() override;
  /// Those of the set, and those that all sets have.
  void visit_fields(FieldVisitor& fields) override;

  const DatasetRow* row = nullptr;
  std::unique_ptr<Options> options;
  std::optional<double> validation = 0.1;
  std::int64_t limit = 0;
  std::int64_t workers = 2;
  Sampling sampler = Sampling::shuffled;
  AugmentOptions augment;
};

/// Everything that defines an experiment: one configuration file. See the README for an example.
struct ExperimentConfig {
  std::int64_t seed = 42;
  DataField data;
  PreprocessOptions preprocess;
  ModelField model;
  TrainOptions train;

  void visit_fields(FieldVisitor& fields);
};

/// The defaults of a section `preprocess` for weights that come with preprocessing of their own. A section that sets `crop`
/// alone, to one side, keeps the fraction of the photo that is seen (see with_crop()); one that sets `resize` alone takes
/// all of it.
/// @param own what the weights expect. @param given the section; null = there is none.
PreprocessOptions preprocessing_defaults(PreprocessOptions own, const ConfigNode* given);

/// @throws InputError unless the configuration has the section and a name in it. @param section "data" or "model".
void expect_named(const ConfigNode& root, const std::string& section);

/// Reads a configuration; `data.name` and `model.name` have no default. Those of `preprocess` are
/// preprocessing_defaults() of the network's recipe for a data set of photos and a network that has one, else the data set's
/// mean and standard deviation.
/// @throws InputError with file and line.
std::unique_ptr<ExperimentConfig> read_experiment_config(const ConfigNode& root);

/// The configuration file with every `KEY=VALUE` applied.
ConfigNode read_config_with_settings(const std::string& path, const std::vector<std::string>& settings);

/// The part of the resolved configuration that the result depends on: without paths and numbers of threads.
Json result_defining(ExperimentConfig& config);

}  // namespace fovea
