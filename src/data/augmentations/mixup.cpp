#include <cmath>

#include <fovea/data/augmentations/mixup.h>

namespace fovea {

double Mixup::mix(Image& image, const Image& partner, RandomStream& stream) const {
  const double share = own_share(stream);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    const double blended = share * image.pixels[i] + (1 - share) * partner.pixels[i];
    image.pixels[i] = static_cast<std::uint8_t>(std::lrint(blended));
  }
  return share;
}

}  // namespace fovea
