#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/torch.h>

namespace fovea {

/// Turns pixels in [0, 255] into network input: (pixel / 255 - mean) / standard deviation, per channel.
struct Normalization {
  std::vector<double> mean;
  std::vector<double> standard_deviation;

  /// @param images 8-bit, [N, C, H, W] or [C, H, W]. @return float32 of the same shape, on the same device.
  /// @throws ShapeError when C differs from the number of means.
  torch::Tensor operator()(const torch::Tensor& images) const;
};

/// Images with labels on their way into a network. Pixels stay 8-bit until input() is asked for; a network that reads only
/// parts of an image (a glimpse network) normalises just these.
struct Batch {
  torch::Tensor images;                ///< 8-bit or normalised float, [N, C, H, W]; undefined when sizes differ
  std::vector<torch::Tensor> singles;  ///< 8-bit [C, H, W] each, when sizes differ
  torch::Tensor labels;                ///< int64 [N]
  torch::Tensor other_labels;          ///< int64 [N] of what was mixed into each image; undefined when nothing was
  torch::Tensor own_share;             ///< float [N] in [0.5, 1]: how much of each image is of `labels`; as other_labels
  /// float [N, 4]: left, top, right and bottom of the labelled thing, in [-1, 1] between the image's outer pixel edges.
  /// Undefined when the data set does not know, and in training, where augmentation moves things.
  torch::Tensor boxes;
  std::shared_ptr<const Normalization> normalization;

  std::int64_t size() const;

  /// All images as one normalised float tensor [N, C, H, W]. @throws ShapeError when there is none, their sizes differ, or
  /// they are 8-bit and there is no normalization.
  torch::Tensor input() const;

  /// For images that are not normalised. @throws ShapeError when there is none.
  const Normalization& expect_normalization() const;

  /// Images [begin, end), sharing memory.
  Batch slice(std::int64_t begin, std::int64_t end) const;

  Batch to(torch::Device device) const;
};

}  // namespace fovea
