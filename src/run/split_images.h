#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fovea/base/thread_team.h>
#include <fovea/data/concatenated_dataset.h>
#include <fovea/image/image.h>
#include <fovea/run/environment.h>
#include <fovea/run/experiment_data.h>
#include <fovea/run/model.h>
#include <fovea/run/photo_files.h>

namespace fovea {

/// An image of a data set, before preprocessing.
struct LabelledImage {
  NamedPhoto photo;  ///< its name in the data set, and the name of its files: "test/00017", or "test/cat/1" of cat/1.jpg
  Image image;
  std::int64_t truth = 0;  ///< its class
};

struct SplitImagesOptions {
  bool only_wrong = false;            ///< only those that the model classifies wrongly
  std::int64_t limit = 36;            ///< most images, at least 1
  int threads = available_threads();  ///< of the search for wrong ones
  Warn warn = {};                     ///< called for unreadable images that the data set skips
  Warn note = {};                     ///< called for what settings of the model remove
};

/// Images of a split of a model's data set, in its order.
class SplitImages {
 public:
  /// @throws InputError as Model::data() does, and for a limit below 1 or a split without images.
  SplitImages(const Model& model, Split split, const SplitImagesOptions& options = {});

  /// "test", or "test-wrong".
  std::string name() const { return to_string(split_) + (options_.only_wrong ? "-wrong" : ""); }
  /// "test images", or "wrong test images".
  std::string title() const { return (options_.only_wrong ? "wrong " : "") + to_string(split_) + " images"; }

  /// @throws InputError when pictures in `folder` would lie beside the data set's files.
  void expect_apart_from(const std::string& folder) const;

  /// The next few images, at most as many as there are threads; empty at the end. @throws InputError naming an unreadable
  /// image, unless the data set skips those.
  std::vector<LabelledImage> next();

 private:
  /// The image at a position; None for a right one where only wrong ones count, and, with the reason in `why`, for one that
  /// is skipped.
  std::optional<LabelledImage> read(std::size_t position, std::string& why) const;
  /// The images of the next positions that count.
  std::vector<LabelledImage> read_block();

  Model model_;
  Split split_;
  SplitImagesOptions options_;
  Subset images_;
  std::vector<std::string> file_names_;  ///< of the images, by position
  ThreadTeam team_;
  std::size_t position_ = 0;
  std::int64_t given_ = 0;
};

}  // namespace fovea
