#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fovea/data/dataset.h>

namespace fovea {

/// Images of one size, one after another in memory: [N, H, W, C] of 8-bit values.
struct ImageArray {
  int height = 0;
  int width = 0;
  int channels = 0;
  std::vector<std::uint8_t> pixels;

  /// Number of values of one image.
  std::size_t image_size() const {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  }
  /// Number of images, N.
  std::size_t count() const { return pixels.size() / image_size(); }
};

/// View of an image: [H, W, C] of 8-bit values.
struct ImageView {
  int height = 0;
  int width = 0;
  int channels = 0;
  const std::uint8_t* pixels = nullptr;

  /// Pointer to the values of a pixel and of those to its right.
  const std::uint8_t* at(int y, int x) const {
    return pixels + (static_cast<std::ptrdiff_t>(y) * width + x) * static_cast<std::ptrdiff_t>(channels);
  }
};

/// A data set in memory.
class ArrayDataset : public Dataset {
 public:
  /// @param labels one per image, each less than the number of class names.
  /// @throws InputError when the counts differ or a label has no name.
  ArrayDataset(ImageArray images, std::vector<std::uint8_t> labels, std::vector<std::string> class_names);

  std::int64_t size() const override { return static_cast<std::int64_t>(labels_.size()); }
  Sample sample(std::int64_t index) const override;
  /// The image of a sample, without a copy. @param index in [0, size()), which is not checked.
  ImageView view(std::int64_t index) const;
  std::int64_t label(std::int64_t index) const override;
  std::uint64_t fingerprint(std::int64_t index) const override;
  const std::vector<std::string>& class_names() const override { return class_names_; }
  int channels() const override { return images_.channels; }
  int height() const override { return images_.height; }
  int width() const override { return images_.width; }

 private:
  ImageArray images_;
  std::vector<std::uint8_t> labels_;
  std::vector<std::string> class_names_;
};

}  // namespace fovea
