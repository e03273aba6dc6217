#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <fovea/data/dataset.h>

namespace fovea {

/// A data set whose samples a function makes.
class MadeSamples : public Dataset {
 public:
  using Make = std::function<Sample(std::int64_t index)>;

  /// @param like an image with the channels, height and width of all.
  MadeSamples(std::int64_t size, const Image& like, std::vector<std::string> class_names, Make make)
      : size_(size),
        channels_(like.channels),
        height_(like.height),
        width_(like.width),
        class_names_(std::move(class_names)),
        make_(std::move(make)) {}

  std::int64_t size() const override { return size_; }
  Sample sample(std::int64_t index) const override { return make_(index); }
  std::int64_t label(std::int64_t index) const override { return make_(index).label; }
  const std::vector<std::string>& class_names() const override { return class_names_; }
  int channels() const override { return channels_; }
  int height() const override { return height_; }
  int width() const override { return width_; }

 private:
  std::int64_t size_;
  int channels_;
  int height_;
  int width_;
  std::vector<std::string> class_names_;
  Make make_;
};

}  // namespace fovea
