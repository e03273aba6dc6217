#include <algorithm>
#include <cmath>

#include <fovea/draw/zoomed_image.h>
#include <fovea/image/resample.h>

namespace fovea {

Image zoomed_image(const Image& image, double factor) {
  const auto side = [factor](int length) { return std::max(1, static_cast<int>(std::lround(factor * length))); };
  return resampled(image, {0, 0, image.height, image.width}, side(image.height), side(image.width), Interpolation::area,
                   /*antialias=*/factor < 1);
}

}  // namespace fovea
