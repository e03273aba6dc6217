#include <utility>

#include <fovea/base/error.h>
#include <fovea/explain/photo_glimpses.h>

namespace fovea {
namespace {

/// Transform from normalised coordinates of the network input to pixels of the photo.
struct InputToPhoto {
  Geometry geometry;
  int input_height, input_width;

  double x(double unit) const { return geometry.source_x((unit + 1) / 2 * input_width); }
  double y(double unit) const { return geometry.source_y((unit + 1) / 2 * input_height); }

  /// @param window centre x, y, half width, half height.
  Box box(const double* window) const {
    return {x(window[0] - window[2]), y(window[1] - window[3]), x(window[0] + window[2]), y(window[1] + window[3])};
  }
};

/// @param patch [C, G, G] in [0, 1].
Image patch_image(const torch::Tensor& patch) {
  return to_image((patch * 255).round().to(torch::kUInt8));
}

std::vector<double> values_of(const torch::Tensor& row) {
  const double* values = row.data_ptr<double>();
  return {values, values + row.numel()};
}

}  // namespace

std::vector<PhotoGlimpse> glimpses_on_photo(const GlimpsePath& path, const Geometry& geometry, int input_height,
                                            int input_width) {
  const std::int64_t channels = path.patches.size(2);
  if (channels != 1 && channels != 3) {
    throw InputError("glimpses", "a network for images of 1 or 3 channels", std::to_string(channels));
  }
  const InputToPhoto to_photo{geometry, input_height, input_width};
  const auto locations = path.locations.contiguous();
  const auto windows = path.windows.contiguous();
  const auto probabilities = path.probabilities.contiguous();
  std::vector<PhotoGlimpse> glimpses;
  for (std::int64_t step = 0; step < locations.size(0); ++step) {
    const double* location = locations[step].data_ptr<double>();
    PhotoGlimpse glimpse{{to_photo.x(location[0]), to_photo.y(location[1])}, {}, {}, values_of(probabilities[step])};
    for (std::int64_t scale = 0; scale < windows.size(1); ++scale) {
      glimpse.windows.push_back(to_photo.box(windows[step][scale].data_ptr<double>()));
      glimpse.patches.push_back(patch_image(path.patches[step][scale]));
    }
    glimpses.push_back(std::move(glimpse));
  }
  return glimpses;
}

std::vector<PhotoGlimpse> scaled_glimpses(std::vector<PhotoGlimpse> glimpses, double factor_x, double factor_y) {
  for (PhotoGlimpse& glimpse : glimpses) {
    glimpse.fixation = {factor_x * glimpse.fixation.x, factor_y * glimpse.fixation.y};
    for (Box& window : glimpse.windows) {
      window = {factor_x * window.left, factor_y * window.top, factor_x * window.right, factor_y * window.bottom};
    }
  }
  return glimpses;
}

}  // namespace fovea
