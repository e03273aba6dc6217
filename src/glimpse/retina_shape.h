#pragma once

#include <cmath>
#include <cstdint>

#include <torch/torch.h>

namespace fovea {

/// Shape of a retina: concentric square windows, each twice as wide as the one before, each reduced to patch x patch means.
struct RetinaShape {
  std::int64_t patch = 12;  ///< G: cells along a side of every window
  std::int64_t scales = 3;  ///< S

  /// Pixels along a side of a cell of scale s: 1, 2, 4, ...
  std::int64_t cell(std::int64_t scale) const { return std::int64_t{1} << scale; }
  /// Pixels along a side of the window of scale s.
  std::int64_t side(std::int64_t scale) const { return patch * cell(scale); }
  /// Values in one glimpse of an image of C channels: S x C x G x G.
  std::int64_t values(std::int64_t channels) const { return scales * channels * patch * patch; }
};

/// Limit of the first pixel of a window, outside every image; window starts are clamped to it.
inline constexpr double kFarthestWindow = 1 << 30;

/// First pixel, along one axis, of a window with `side` pixels around a location. It may be outside the image; for NaN it is
/// -kFarthestWindow. @param location in normalised coordinates; see GlimpseTrajectory. @param length of the image along the
/// axis, in pixels.
template <typename Real>
std::int64_t window_start(Real location, std::int64_t length, std::int64_t side) {
  constexpr Real kFarthest = kFarthestWindow;
  const Real centre = (location + 1) / 2 * static_cast<Real>(length);
  const Real start = std::floor(centre - static_cast<Real>(side) / 2 + Real{0.5});
  return static_cast<std::int64_t>(std::fmin(std::fmax(start, -kFarthest), kFarthest));
}

/// window_start() of many windows. @param locations [...]. @param lengths broadcastable to it, of the same type.
torch::Tensor window_starts(const torch::Tensor& locations, const torch::Tensor& lengths, std::int64_t side);

/// Windows of glimpses. @param locations [R, T, 2]. @param heights, widths of the R images, in pixels.
/// @return [R, T, S, 4]; see GlimpseTrajectory::windows.
torch::Tensor retina_windows(const RetinaShape& retina, const torch::Tensor& locations, const torch::Tensor& heights,
                             const torch::Tensor& widths);

}  // namespace fovea
