#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fovea/data/dataset.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Mean and standard deviation of the training pixels of each channel, scaled to [0, 1].
struct PixelStatistics {
  std::vector<double> mean;
  std::vector<double> standard_deviation;
};

/// One data set that configurations can name.
struct DatasetRow {
  std::string name;
  std::string title = {};      ///< full name, authors and year
  std::string arxiv = {};      ///< of the paper that describes it; empty when there is none there
  std::string reference = {};  ///< where it is described, when not on arXiv
  std::string licence = {};
  std::string size = {};    ///< images, and bytes to download
  std::string obtain = {};  ///< how to get it, in a few words
  bool photos = false;      ///< images have sizes of their own
  bool in_memory = false;   ///< open() gives an ArrayDataset, which other data sets can be made of
  std::function<std::unique_ptr<Options>()> make_options = {};
  /// What to normalise its images with, unless the configuration says otherwise.
  std::function<PixelStatistics(const Options&)> statistics = {};
  /// Opens the files of a split. @return nothing for a validation split that the data set does not have: it is split off
  /// the training set then. @throws InputError naming the file and what is wrong with it.
  std::function<std::shared_ptr<const Dataset>(const Options&, Split)> open = {};
};

/// Every data set, in the order `fovea list datasets` prints; behind them those that were registered.
const std::deque<DatasetRow>& dataset_registry();

/// Adds a data set of the calling program, which configurations then take by its name:
///
///     struct ShapesOptions {
///       std::string root = "data/shapes";
///       void visit_fields(fovea::FieldVisitor& fields) { fields.text("root", root, "folder with the files"); }
///     };
///     class Shapes final : public fovea::Dataset { ... };
///
///     fovea::register_dataset({.name = "shapes",
///                              .make_options = fovea::make_options<ShapesOptions>,
///                              .statistics = [](const auto&) { return fovea::PixelStatistics{{0.5}, {0.25}}; },
///                              .open = [](const auto& options, fovea::Split split) {
///                                return std::make_shared<Shapes>(fovea::options_cast<ShapesOptions>(options), split);
///                              }});
///
/// To be called before configurations are read, and by one thread. References to rows stay valid; the result is the new
/// one. @throws InputError when the name is empty or taken, or when make_options, statistics or open is empty.
const DatasetRow& register_dataset(DatasetRow row);

/// @throws InputError with the nearest name when there is no such data set. @param origin where the name was written.
const DatasetRow& find_dataset(const std::string& name, const std::string& origin);

}  // namespace fovea
