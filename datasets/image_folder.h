#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <fovea/data/dataset.h>
#include <fovea/options/fields.h>

namespace fovea {

/// What happens when a file turns out to be unreadable.
enum class OnError {
  fail,  ///< everything ends with an error that names it
  skip,  ///< it is named and left out
};

/// Where a folder of images lies, and how to read it.
class ImageFolderOptions : public Options {
 public:
  void visit_fields(FieldVisitor& fields) override;

  std::string root;
  std::int64_t channels = 3;    ///< 3: RGB, 1: grey
  double test = 0.2;            ///< share of each class to hold out, when the folder has no test split of its own
  std::int64_t split_seed = 0;  ///< of that choice; apart from `seed`, so that runs with other seeds share their test images
  OnError on_error = OnError::fail;
};

/// Opens a folder of images, a folder per class, in one of two layouts:
///
/// - `root/train/<class>/...` with `root/test` or, where there is none, `root/val` (or `valid`, `validation`) as the test
///   split. A folder that has both keeps `val` for validation.
/// - `root/<class>/...`: a share of each class becomes the test split.
///
/// Classes are the folders' names in alphabetical order; images may lie in folders of their own below. Files are told by
/// their extension (see image_files()), and decoded by what their bytes say, when they are asked for: memory holds their
/// names only. Sizes may differ. The order takes a file of each class in turn, so that the
/// first N hold every class. Other folders beside `train` and `test` are ignored.
/// @return nothing for a validation split that the folder does not have.
/// @throws InputError for a folder in neither layout, an unreadable one, a class without images in training, or a class of
/// another split that training does not have.
std::shared_ptr<const Dataset> open_image_folder(const ImageFolderOptions& options, Split split);

}  // namespace fovea
