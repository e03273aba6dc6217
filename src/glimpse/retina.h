#pragma once

#include <cstdint>
#include <vector>

#include <torch/torch.h>

#include <fovea/glimpse/retina_shape.h>
#include <fovea/glimpse/window_means.h>
#include <fovea/nn/batch.h>

namespace fovea {

/// Retina: extracts glimpses from the images of a batch. A glimpse reads only the pixels inside its windows, so its cost
/// does not depend on the size of the image: no image is padded, resized or normalised as a whole. (Float images of another
/// type than the values, and images that are not contiguous, are copied first.) A value is the normalised mean over the
/// pixels of a cell; pixels outside the image count as 0 after normalisation.
///
/// Images may be 8-bit or normalised float, with any number of channels and any aspect ratio, and may differ in size.
class Retina {
 public:
  /// @param rollouts M, rollouts per image; see GlimpseTrajectory. @param type of values and locations: float32 or float64.
  /// @throws ShapeError when there is no image, images differ in channels or type, or 8-bit ones have no normalization.
  /// @throws InputError when patch or rollouts are less than 1, or scales are not in [1, 12].
  Retina(const RetinaShape& shape, const Batch& batch, std::int64_t rollouts, torch::ScalarType type);

  /// One glimpse of every rollout, without gradient. @param locations [R, 2] as x, y, R = N M. @return [R, S, C, G, G].
  /// @throws ShapeError for locations of another shape.
  torch::Tensor look(const torch::Tensor& locations) const;
  /// Writes the glimpses to `values`, contiguous with R S C G G entries. CPU only. @throws ShapeError for other shapes.
  void look(const torch::Tensor& locations, torch::Tensor& values) const;
  /// look() with LibTorch operators: the reference, and the implementation for other devices.
  torch::Tensor composed_look(const torch::Tensor& locations) const;

  const RetinaShape& shape() const { return shape_; }
  std::int64_t rows() const { return static_cast<std::int64_t>(images_.size()) * rollouts_; }
  std::int64_t channels() const { return channels_; }
  torch::Device device() const { return owners_.front().device(); }
  /// See retina_windows(). @param locations [R, T, 2].
  torch::Tensor windows(const torch::Tensor& locations) const;

 private:
  struct Image {
    const void* pixels;  ///< [C, H, W]
    std::int64_t height, width;
  };

  void expect_fitting(const torch::Tensor& locations) const;
  template <typename Pixel, typename Real>
  void look_at_pixels(const torch::Tensor& locations, torch::Tensor& values) const;
  /// Glimpses of images of one size, [N, C, H, W].
  torch::Tensor composed_look(const torch::Tensor& images, const torch::Tensor& locations) const;

  RetinaShape shape_;
  std::int64_t rollouts_;
  torch::ScalarType type_;
  bool reads_bytes_;
  std::int64_t channels_;
  std::vector<PixelScale> scales_;     ///< per channel
  std::vector<torch::Tensor> owners_;  ///< of the images' memory: [N, C, H, W], or [1, C, H, W] each; 8-bit or `type_`
  std::vector<Image> images_;
};

}  // namespace fovea
