#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/torch.h>

namespace fovea {

/// Order of the colours in a network's input. Caffe's networks, and others that OpenCV fed, take BGR.
enum class ChannelOrder { rgb, bgr };

/// Normalisation of pixels in [0, 255] to network input: (pixel / 255 - mean) / standard deviation, per channel.
struct Normalization {
  std::vector<double> mean;
  std::vector<double> standard_deviation;
  ChannelOrder order = ChannelOrder::rgb;  ///< of the images' channels, and so of these numbers

  /// @param images 8-bit, [N, C, H, W] or [C, H, W]. @return float32 of the same shape, on the same device.
  /// @throws ShapeError when C differs from the number of means.
  torch::Tensor operator()(const torch::Tensor& images) const;
};

/// Images with labels. Pixels stay 8-bit until input() is called; a glimpse network normalises only the pixels that it
/// reads.
struct Batch {
  torch::Tensor images;                ///< 8-bit or normalised float, [N, C, H, W]; undefined when sizes differ
  std::vector<torch::Tensor> singles;  ///< 8-bit [C, H, W] each, when sizes differ
  torch::Tensor labels;                ///< int64 [N]
  torch::Tensor other_labels;  ///< int64 [N], labels of the mixed-in images (mixup, cutmix); undefined without mixing
  torch::Tensor lambda;        ///< float [N] in [0.5, 1], weight of `labels` in a mixed image; undefined without mixing
  /// float [N, 4]: left, top, right and bottom of the labelled object in normalised coordinates; see GlimpseTrajectory.
  /// Undefined when the data set has no boxes, and in training, where augmentation moves the objects.
  torch::Tensor boxes;
  /// [N] positions in the loader's order, from 0, of images that are evaluated; empty in training, where another image
  /// replaces an unreadable one.
  std::vector<std::int64_t> positions;
  std::shared_ptr<const Normalization> normalization;

  std::int64_t size() const;

  /// All images as one normalised float tensor [N, C, H, W]. @throws ShapeError when there is none, their sizes differ, or
  /// they are 8-bit and there is no normalization.
  torch::Tensor input() const;

  /// @throws ShapeError when there is no image.
  void expect_images() const;

  /// Normalization of 8-bit images. @throws ShapeError when the batch has none.
  const Normalization& expect_normalization() const;

  /// Images [begin, end), sharing memory.
  Batch slice(std::int64_t begin, std::int64_t end) const;

  /// Each image `times` times in a row, with all that belongs to it.
  Batch repeated(std::int64_t times) const;

  Batch to(torch::Device device) const;
};

}  // namespace fovea
