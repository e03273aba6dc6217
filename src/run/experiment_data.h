#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fovea/data/concatenated_dataset.h>
#include <fovea/data/content_record.h>
#include <fovea/data/loader.h>
#include <fovea/nn/classifier.h>
#include <fovea/run/data_summary.h>
#include <fovea/run/experiment_config.h>

namespace fovea {

/// Callback for warnings, e.g. one for each image that is skipped as unreadable. Called by any thread, one call at a time.
using Warn = std::function<void(const std::string&)>;

/// A split of a data set for evaluation: its images in order, without augmentation.
struct DataSplit {
  Split split = Split::test;
  Loader loader;
};

/// The data set of a configuration with its preprocessing. Splits are opened on first use.
class ExperimentData {
 public:
  /// @param config must outlive this, unless it is shared. @param classes classes of a trained model, to which
  /// labels are mapped by name; empty: the data set's own. @throws InputError when the configuration is not valid; see
  /// expect_valid().
  ExperimentData(ExperimentConfig& config, std::vector<std::string> classes, Warn warn);
  ExperimentData(std::shared_ptr<ExperimentConfig> config, std::vector<std::string> classes, Warn warn);

  const std::vector<std::string>& classes(Split split) { return part(split).dataset->class_names(); }
  /// Input of a network for the images of a split. @throws InputError when they differ in size and preprocessing sets none.
  InputSpec input(Split split = Split::train);
  /// {height, width} of every image before preprocessing; None when they differ in size.
  std::optional<std::pair<int, int>> image_size(Split split = Split::train);
  /// Decoding of the images' files.
  DecodeOptions decode_options(Split split = Split::train) { return part(split).dataset->decode_options(); }
  /// A split that the data set has: that of the test, if it has one.
  Split any_split() const;
  bool has_validation() { return config_->data.validation.has_value(); }

  /// [K] number of training images of each class.
  std::vector<std::int64_t> training_images_per_class();

  /// Training images, sampled and augmented.
  Loader training_loader();
  /// The first `images` readable training images of the first epoch, in the same order in every epoch, augmented or not.
  Loader preview_loader(std::int64_t images, bool augmented);
  /// Images of a split in order, without augmentation. @param batches number of batches, the first ones; 0 = all.
  Loader loader(Split split, std::int64_t batches = 0);

  DataSplit train() { return split(Split::train); }
  DataSplit validation() { return split(Split::validation); }
  DataSplit test() { return split(Split::test); }
  DataSplit split(Split split) { return {split, loader(split)}; }

  /// The images of a split before preprocessing, in order.
  const Subset& images(Split split) { return part(split); }

  /// The data set as it was understood. @param splits those to count, at least one; the classes are counted in the first.
  DataSummary summary(const std::vector<Split>& splits);

  /// Checks every file of the splits quickly, before work begins that would end at a damaged one, and says in one line what
  /// was understood. Files that the data set skips are counted there and by summary(), and then warned about.
  /// @param note gets that line. @param stop_requested polled now and then. @throws InputError naming a file; Interrupted.
  void check(const std::vector<Split>& splits, int threads, const Warn& note = {},
             const std::function<bool()>& stop_requested = {});

  /// Number of images of the training and the validation split, and a hash of their names, labels, sizes of files or
  /// pixels. Other images almost surely give another document. The test split has no part in it.
  Json training_images();
  /// Hashes of the images of files as training reads them, by the name of the split that they are in.
  const std::map<std::string, std::shared_ptr<ContentRecord>>& content_records();

 private:
  const Subset& part(Split split);
  std::shared_ptr<const Dataset> open(Split split) const;
  /// A data set of files that records what it reads.
  std::shared_ptr<const Dataset> recorded(std::shared_ptr<const Dataset> dataset, Split split);
  Subset open_first(Split split);
  /// Opens the training split, and a validation split that is split off it.
  void open_training();
  void open_validation();
  Subset every_image();
  LoaderOptions loader_options() const;
  /// Images of an evaluation batch of a split.
  std::int64_t evaluation_batch(Split split);

  std::shared_ptr<const ExperimentConfig> config_;
  std::vector<std::string> classes_;
  std::shared_ptr<const Preprocess> preprocess_;
  std::function<void(const std::string& name, const std::string& why)> on_skipped_;
  std::map<Split, Subset> parts_;
  std::map<Split, std::int64_t> unreadable_;  ///< number of files that check() has found
  std::map<std::string, std::shared_ptr<ContentRecord>> content_records_;
};

}  // namespace fovea
