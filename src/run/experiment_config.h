#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fovea/base/random.h>
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
  /// Its name, the set's own options, and those that all data sets have.
  void visit_fields(FieldVisitor& fields) override;
  /// The options that all data sets have.
  void visit_common_fields(FieldVisitor& fields);
  std::vector<NamedFields> implementations() const override;

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
  std::int64_t seed = kDefaultSeed;
  DataField data;
  PreprocessOptions preprocess;
  ModelField model;
  TrainOptions train;

  void visit_fields(FieldVisitor& fields);
};

/// Defaults of a section `preprocess` for weights with preprocessing defaults of their own. A section that sets only `crop`,
/// to one side, keeps `crop_pct` (see with_crop()); one that sets only `resize` removes the crop.
/// @param own defaults of the weights. @param given the section; null = none.
PreprocessOptions preprocessing_defaults(PreprocessOptions own, const ConfigNode* given);

/// Kind of the hard choices that training explores and learns: of the network itself, or of its attention.
ChoiceKind choice_kind(const ModelField& model);

/// Keys of `train` that only networks with such choices have.
std::vector<std::string> choice_keys(ChoiceKind kind);

/// @throws InputError unless the configuration has the section and a name in it. @param section "data" or "model".
void expect_named(const ConfigNode& root, const std::string& section);

/// Reads a configuration; `data.name` and `model.name` have no default. The defaults of `preprocess` are the network's
/// preprocessing defaults, for a data set of photos and a network that has them, else the data set's mean and standard
/// deviation.
/// @throws InputError with file and line.
std::unique_ptr<ExperimentConfig> read_experiment_config(const ConfigNode& root);

/// Checks a configuration that was changed in C++, as reading one does. @throws InputError for the first value out of its
/// range, and for options that exclude each other.
void expect_valid(ExperimentConfig& config);

/// The part of the resolved configuration that the result depends on: without paths and numbers of threads.
Json result_defining(ExperimentConfig& config);

}  // namespace fovea
