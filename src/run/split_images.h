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
  /// Its name in the data set, the name of its files, "split_test/00017", or "split_test/cat/1" of cat/1.jpg, and its
  /// caption.
  NamedPhoto photo;
  Image image;
  std::int64_t truth = 0;  ///< its class
};

/// First letters of the folders of a split's files, which no photo's files may have.
inline constexpr const char* kSplitFolder = "split_";

/// "split_test".
std::string split_folder(Split split);

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

  Split split() const { return split_; }
  bool only_wrong() const { return options_.only_wrong; }
  /// "split_test", or "split_test-wrong".
  std::string name() const { return split_folder(split_) + (options_.only_wrong ? "-wrong" : ""); }
  /// "test images", or "wrong test images".
  std::string title() const { return (options_.only_wrong ? "wrong " : "") + to_string(split_) + " images"; }

  /// Number of images of the split; without those that are skipped, once wrong() has read them.
  std::int64_t images() const { return readable_; }
  /// Number of images of the split that the model classifies wrongly. The first call classifies all of them, as next() does
  /// where only wrong ones count. @throws InputError as next() does.
  std::int64_t wrong();

  /// @throws InputError when pictures in `folder` would lie beside the data set's files, or beside folders of them.
  void expect_apart_from(const std::string& folder) const;

  /// The next few images, at most as many as there are threads; empty at the end. @throws InputError naming an unreadable
  /// image, unless the data set skips those.
  std::vector<LabelledImage> next();

 private:
  using Positions = std::vector<std::size_t>;

  /// The image at a position; None, with the reason in `why`, for one that is skipped.
  std::optional<LabelledImage> read(std::size_t position, std::string& why) const;
  bool is_wrong(const LabelledImage& image) const;
  /// Positions of the images that the model classifies wrongly.
  const Positions& wrong_positions();
  Positions find_wrong();
  void warn_of(const std::vector<std::string>& reasons) const;
  /// The next images of some positions.
  std::vector<LabelledImage> read_block(const Positions& positions);

  Model model_;
  Split split_;
  SplitImagesOptions options_;
  Subset images_;
  std::vector<NamedPhoto> files_;  ///< of the images, by position
  ThreadTeam team_;
  std::int64_t readable_ = 0;
  std::optional<Positions> wrong_;
  std::size_t next_ = 0;
  std::int64_t given_ = 0;
};

}  // namespace fovea
