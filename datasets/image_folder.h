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

/// Options of a folder of images.
struct ImageFolderOptions {
  std::string root = {};
  std::int64_t channels = 3;  ///< 3: RGB, 1: grey
  double test = 0.2;          ///< fraction of each class for the test split, when the folder has none
  /// Seed of that split; separate from `seed`, so that runs with other seeds have the same test images.
  std::int64_t split_seed = 0;
  OnError on_error = OnError::fail;
  DecodeFields decode = {};         ///< `alpha` and `levels`
  bool allow_single_class = false;  ///< training images of one class alone, which are an error otherwise

  void visit_fields(FieldVisitor& fields);
};

/// Opens a folder of images, a folder per class, in one of two layouts:
///
/// - `root/train/<class>/...` with `root/test` or, where there is none, `root/val` as the test split. A folder that has both
///   keeps `val` for validation. The names may be in any case, other words of the field (`Training`, `valid`), and have a
///   common affix (`seg_train` and `seg_test`).
/// - `root/<class>/...`: a fraction of each class becomes the test split.
///
/// Classes are the names of the folders in alphabetical order, in Unicode's composed form; images may be in subfolders.
/// Image files are found as list_images() says and decoded on demand by their format; only their names are in memory. Sizes
/// may differ. The order takes a file of each class in turn, so that the first N contain every class. Other folders beside
/// `train` and `test` are ignored.
/// @return nullptr for a validation split that the folder does not have.
/// @throws InputError for an option out of its range, a folder in neither layout, an unreadable one, one that is likely not
/// the root that was meant, a single class or a class without images in training, or a class of another split that training
/// does not have.
std::shared_ptr<const Dataset> open_image_folder(const ImageFolderOptions& options, Split split);

/// Splits of the folder, each with images of its own. @throws InputError when the root cannot be read.
std::vector<Split> image_folder_splits(const ImageFolderOptions& options);

}  // namespace fovea
