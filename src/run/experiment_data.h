#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fovea/data/loader.h>
#include <fovea/nn/classifier.h>
#include <fovea/run/experiment_config.h>

namespace fovea {

/// Is told once of each image that is left out because it cannot be read; by any thread, one at a time.
using Warn = std::function<void(const std::string&)>;

/// A split of a data set, ready to be scored: its images in order, unchanged.
struct DataSplit {
  Split split = Split::test;
  Loader loader;
};

/// The data set of a configuration, its splits opened when first asked for, seen through the configuration's preprocessing.
class ExperimentData {
 public:
  /// @param config must outlive this, unless it is shared. @param classes the classes of a trained model, by which labels
  /// are matched; empty: the data set's own. @throws InputError when preprocessing and data set do not fit.
  ExperimentData(const ExperimentConfig& config, std::vector<std::string> classes, Warn warn);
  ExperimentData(std::shared_ptr<const ExperimentConfig> config, std::vector<std::string> classes, Warn warn);

  const std::vector<std::string>& classes(Split split) { return part(split).dataset->class_names(); }
  /// Of a network for the training images. @throws InputError when they have no size in common.
  InputSpec input();
  bool has_validation() { return config_->data.validation.has_value(); }

  /// Training images of each class.
  std::vector<std::int64_t> training_images_per_class();

  /// Sampled and augmented.
  Loader training_loader();
  /// The first `images` of the first epoch, always in that order: augmented as in training, or as they are.
  Loader preview_loader(std::int64_t images, bool augmented);
  /// In order, unchanged. @param batches the first ones; 0 = all.
  Loader loader(Split split, std::int64_t batches = 0);

  DataSplit train() { return split(Split::train); }
  DataSplit validation() { return split(Split::validation); }
  DataSplit test() { return split(Split::test); }
  DataSplit split(Split split) { return {split, loader(split)}; }

  /// A number that other images or labels would almost surely change: of all labels, and the pixels of some images.
  std::string fingerprint();

 private:
  struct Part {
    std::shared_ptr<const Dataset> dataset;
    Indices indices;
  };

  const Part& part(Split split);
  std::shared_ptr<const Dataset> open(Split split) const;
  /// Fills the parts of training and validation.
  void open_training();
  LoaderOptions loader_options() const;

  std::shared_ptr<const ExperimentConfig> config_;
  std::vector<std::string> classes_;
  std::shared_ptr<const Preprocess> preprocess_;
  std::function<void(const std::string& name, const std::string& why)> on_skipped_;
  std::map<Split, Part> parts_;
};

}  // namespace fovea
