#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <fovea/data/dataset.h>
#include <fovea/data/decode_fields.h>
#include <fovea/datasets/on_error.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Options of images that a table lists.
struct ImageListOptions {
  std::string file = {};  ///< CSV or TSV, see open_image_list()
  std::string root = {};  ///< folder where the paths begin; empty: that of the table
  std::string path_column = "path";
  std::string label_column = "label";
  std::string split_column = "split";  ///< the only one that may be missing
  std::string extension = {};          ///< added to each path, e.g. ".jpg"
  std::int64_t channels = 3;           ///< 3: RGB, 1: grey
  double test = 0.2;                   ///< fraction of each class for the test split, when the table has no splits
  std::int64_t split_seed = 0;         ///< seed of that split
  OnError on_error = OnError::fail;
  bool allow_single_class = false;
  DecodeFields decode = {};  ///< `alpha` and `levels`

  void visit_fields(FieldVisitor& fields);
};

/// Opens images that a table lists (see read_table()), one in a line, with a header that names the columns:
///
///     path,label,split
///     photos/0001.jpg,cat,train
///     photos/0002.jpg,"dog, small",test
///
/// Splits are train, val and test, or words like them; without tests, val stands for them. Without the column, a fraction of
/// each class is for the test, as in open_image_folder(). Classes are the labels of the training images in alphabetical
/// order, or in that of numbers when all are numbers. Columns `left`, `top`, `right` and `bottom` give the box of the object
/// in pixels of the upright image, as Box has them; they may be empty. Other columns are ignored.
/// @return nullptr for a validation split that the table does not have.
/// @throws InputError with file and line for a missing image (unless unreadable ones are skipped), a path that occurs twice,
/// an empty path or label, an unknown split, a label that training does not have, or a box that is none.
std::shared_ptr<const Dataset> open_image_list(const ImageListOptions& options, Split split);

/// Splits of the table, each with images of its own. @throws InputError.
std::vector<Split> image_list_splits(const ImageListOptions& options);

}  // namespace fovea
