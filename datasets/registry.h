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
  std::string size = {};       ///< images, and bytes to download
  std::string obtain = {};     ///< how to get it, in a few words
  bool varying_sizes = false;  ///< images differ in size
  bool in_memory = false;      ///< open() gives an ArrayDataset; it can be the source of translated_digits
  std::function<std::unique_ptr<Options>()> make_options = {};
  /// Normalisation of its images, unless the configuration sets another.
  std::function<PixelStatistics(const Options&)> statistics = {};
  /// Opens the files of a split. @return nullptr for a validation split that the data set does not have; it is then split
  /// off the training set. @throws InputError naming the file and what is wrong with it.
  std::function<std::shared_ptr<const Dataset>(const Options&, Split)> open = {};
  /// Splits that the data set has where the options say: `train` and `test`, and `validation` where it has one of its own.
  /// Empty function: `train` and `test`. @throws InputError.
  std::function<std::vector<Split>(const Options&)> splits = {};
};

/// Every data set, in the order of `fovea list datasets`; registered ones come last.
const std::deque<DatasetRow>& dataset_registry();

/// Adds a data set of the calling program, which configurations then take by its name:
///
///     struct ShapesOptions {
///       std::string root = "data/shapes";
///       void visit_fields(fovea::FieldVisitor& fields) {
///         fields.text("root", root, {"folder with the files", fovea::FieldRole::path});  // a run resumes after a move
///       }
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
/// To be called before configurations are read, and by one thread. References to rows stay valid. @return the new row.
/// @throws InputError when the name is empty or taken, or when make_options, statistics or open is empty.
const DatasetRow& register_dataset(DatasetRow row);

/// The data set of this name. @param origin where the name was written. @throws InputError with the nearest name when there
/// is none.
const DatasetRow& find_dataset(const std::string& name, const std::string& origin);

}  // namespace fovea
