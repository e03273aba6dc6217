#include <cmath>

#include <fovea/data/augmentations/mixup.h>

namespace fovea {

double Mixup::mix(Image& image, const Image& partner, RandomStream& stream) const {
  const double lambda = draw_lambda(stream);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    const double blended = lambda * image.pixels[i] + (1 - lambda) * partner.pixels[i];
    image.pixels[i] = static_cast<std::uint8_t>(std::lrint(blended));
  }
  return lambda;
}

}  // namespace fovea
