#include <algorithm>
#include <cmath>

#include <fovea/data/augmentations/cutmix.h>

namespace fovea {
namespace {

struct Interval {
  int begin, end;
};

/// Interval of about `relative_length` * size pixels, an even number, around a random pixel; clipped to [0, size).
Interval random_interval(int size, double relative_length, RandomStream& stream) {
  const int half = static_cast<int>(size * relative_length) / 2;
  const int centre = static_cast<int>(stream.below(static_cast<std::uint64_t>(size)));
  return {std::max(0, centre - half), std::min(size, centre + half)};
}

}  // namespace

double CutMix::mix(Image& image, const Image& partner, RandomStream& stream) const {
  const double relative_length = std::sqrt(1 - draw_lambda(stream));
  const Interval rows = random_interval(image.height, relative_length, stream);
  const Interval columns = random_interval(image.width, relative_length, stream);
  for (int y = rows.begin; y < rows.end; ++y) {
    for (int x = columns.begin; x < columns.end; ++x) {
      for (int c = 0; c < image.channels; ++c) image.at(y, x, c) = partner.at(y, x, c);
    }
  }
  const double pasted = static_cast<double>(rows.end - rows.begin) * (columns.end - columns.begin);
  return 1 - pasted / (static_cast<double>(image.height) * image.width);
}

}  // namespace fovea
