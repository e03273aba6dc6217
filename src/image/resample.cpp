#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include <fovea/base/error.h>
#include <fovea/image/resample.h>
#include <fovea/image/size_text.h>

namespace fovea {
namespace {

/// PIL: 8 bits between the two passes, which clamps the overshoot of a cubic filter, and 32-bit fixed-point weights that
/// leave 8 bits for a pixel and 2 for sign and overshoot.
struct PilArithmetic {
  using Position = double;
  using Weight = std::int32_t;
  using Between = std::uint8_t;  // result of the first pass

  static constexpr bool kAntialias = true;
  static constexpr double kCubicParameter = -0.5;
  static constexpr int kFractionBits = 32 - 8 - 2;

  static Weight weight(double value) { return static_cast<Weight>(std::round(value * (1 << kFractionBits))); }
  static std::uint8_t pixel(Weight sum) {
    constexpr Weight kHalf = 1 << (kFractionBits - 1);
    return static_cast<std::uint8_t>(std::clamp((sum + kHalf) >> kFractionBits, 0, 255));
  }
  static Between between(Weight sum) { return pixel(sum); }
};

/// PyTorch's interpolate on float pixels, rounded once, at the end. Its positions are in single precision too, which
/// decides on which side of a border between two pixels a centre lies.
struct TorchArithmetic {
  using Position = float;
  using Weight = float;
  using Between = float;

  static constexpr bool kAntialias = false;
  static constexpr double kCubicParameter = -0.75;

  static Weight weight(double value) { return static_cast<Weight>(value); }
  static std::uint8_t pixel(Weight sum) { return cv::saturate_cast<std::uint8_t>(sum); }  // rounds half to even
  static Between between(Weight sum) { return sum; }
};

/// A filter as a function of the distance in pixels.
struct Kernel {
  double support;  // zero at larger distances
  double (*weight)(double distance);
};

double box_weight(double distance) {
  return distance > -0.5 && distance <= 0.5 ? 1.0 : 0.0;
}

double triangle_weight(double distance) {
  return std::max(0.0, 1.0 - std::abs(distance));
}

/// Keys, "Cubic convolution interpolation for digital image processing" (1981). @param a its slope at distance 1.
double cubic_weight(double distance, double a) {
  const double d = std::abs(distance);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
  return 0.0;
}

template <typename Arithmetic>
Kernel kernel_of(Interpolation interpolation) {
  switch (interpolation) {
    case Interpolation::bilinear:
      return {1.0, triangle_weight};
    case Interpolation::bicubic:
      return {2.0, [](double distance) { return cubic_weight(distance, Arithmetic::kCubicParameter); }};
    case Interpolation::area:
      break;
  }
  return {0.5, box_weight};
}

/// Taps of each pixel of a resized line: weights of `count` neighbouring pixels of the line, from `first` on. All are inside
/// the line; some weights may be zero.
template <typename Weight>
struct Taps {
  std::size_t count = 0;
  std::vector<int> first;       // per pixel
  std::vector<Weight> weights;  // count per pixel
};

/// With antialias, the kernel is as wide as a pixel of the result and is truncated at the ends of the line. Without, it
/// keeps its size, and the last pixel is repeated beyond the ends.
template <typename Arithmetic>
Taps<typename Arithmetic::Weight> taps_of(const Kernel& kernel, int length, int resized_length) {
  using Position = typename Arithmetic::Position;
  const auto scale = static_cast<Position>(length) / static_cast<Position>(resized_length);
  const double widening = Arithmetic::kAntialias ? std::max(static_cast<double>(scale), 1.0) : 1.0;
  const double reach = kernel.support * widening;
  const auto centre = [&](int pixel) -> double { return (static_cast<Position>(pixel) + Position{0.5}) * scale; };
  // The pixels of the line whose own centres are in reach, some of which may lie beyond its ends.
  const auto begin = [&](int pixel) { return static_cast<int>(std::floor(centre(pixel) - reach + 0.5)); };
  const auto end = [&](int pixel) { return static_cast<int>(std::floor(centre(pixel) + reach + 0.5)); };
  int count = 0;
  for (int pixel = 0; pixel < resized_length; ++pixel) count = std::max(count, end(pixel) - begin(pixel));
  count = std::min(count, length);

  Taps<typename Arithmetic::Weight> taps;
  taps.count = static_cast<std::size_t>(count);
  taps.first.reserve(static_cast<std::size_t>(resized_length));
  taps.weights.reserve(static_cast<std::size_t>(resized_length) * taps.count);
  std::vector<double> weights;
  for (int pixel = 0; pixel < resized_length; ++pixel) {
    const int first = std::clamp(begin(pixel), 0, length - count);
    weights.assign(taps.count, 0.0);
    double sum = 0;
    for (int source = begin(pixel); source < end(pixel); ++source) {
      const int inside = std::clamp(source, 0, length - 1);
      if (Arithmetic::kAntialias && inside != source) continue;
      const double weight = kernel.weight((source - centre(pixel) + 0.5) * (1.0 / widening));
      weights[static_cast<std::size_t>(inside - first)] += weight;
      sum += weight;
    }
    taps.first.push_back(first);
    for (const double weight : weights) taps.weights.push_back(Arithmetic::weight(weight / sum));
  }
  return taps;
}

/// One line, filtered. kTogether channels are summed at once; kTogether divides `channels`.
template <typename Arithmetic, int kTogether>
void filter_across(const std::uint8_t* line, int channels, const Taps<typename Arithmetic::Weight>& taps,
                   std::vector<typename Arithmetic::Between>& result) {
  using Weight = typename Arithmetic::Weight;
  const std::size_t count = taps.count;  // a copy: to the compiler, writes to `target` may change `taps.count`
  const Weight* weights = taps.weights.data();
  auto* target = result.data();
  for (const int first : taps.first) {
    for (int channel = 0; channel < channels; channel += kTogether) {
      const std::uint8_t* source = line + static_cast<std::ptrdiff_t>(first) * channels + channel;
      Weight sums[kTogether] = {};
      for (std::size_t k = 0; k < count; ++k, source += channels) {
        for (int c = 0; c < kTogether; ++c) sums[c] += weights[k] * static_cast<Weight>(source[c]);
      }
      for (const Weight sum : sums) *target++ = Arithmetic::between(sum);
    }
    weights += count;
  }
}

/// The weighted sum of lines.
template <typename Arithmetic>
void filter_down(const std::vector<const typename Arithmetic::Between*>& lines, const typename Arithmetic::Weight* weights,
                 std::span<std::uint8_t> result) {
  using Weight = typename Arithmetic::Weight;
  constexpr std::size_t kBlock = 64;  // few enough sums to stay in the cache
  for (std::size_t start = 0; start < result.size(); start += kBlock) {
    const std::size_t length = std::min(kBlock, result.size() - start);
    Weight sums[kBlock] = {};
    for (std::size_t k = 0; k < lines.size(); ++k) {
      const auto* line = lines[k] + start;
      for (std::size_t i = 0; i < length; ++i) sums[i] += weights[k] * static_cast<Weight>(line[i]);
    }
    for (std::size_t i = 0; i < length; ++i) result[start + i] = Arithmetic::pixel(sums[i]);
  }
}

const std::uint8_t* pixel_at(const Image& image, int y, int x) {
  const std::size_t pixel =
      static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) + static_cast<std::size_t>(x);
  return image.pixels.data() + pixel * static_cast<std::size_t>(image.channels);
}

/// Filters across, then down.
template <typename Arithmetic>
Image filtered(const Image& image, const Window& window, int height, int width, Interpolation interpolation) {
  using Line = std::vector<typename Arithmetic::Between>;
  const Kernel kernel = kernel_of<Arithmetic>(interpolation);
  const auto across = taps_of<Arithmetic>(kernel, window.width, width);
  const auto down = taps_of<Arithmetic>(kernel, window.height, height);
  const auto filter_line = image.channels == 3 ? filter_across<Arithmetic, 3> : filter_across<Arithmetic, 1>;

  Image result(height, width, image.channels);
  const std::size_t line_length = static_cast<std::size_t>(width) * static_cast<std::size_t>(image.channels);
  // A ring buffer of the lines that one row of the result reads: line i is at i modulo their number.
  std::vector<Line> kept(down.count, Line(line_length));
  std::vector<const typename Arithmetic::Between*> lines(down.count);
  int next = 0;  // the first line not filtered yet
  for (std::size_t row = 0; row < down.first.size(); ++row) {
    const int first = down.first[row];
    for (std::size_t k = 0; k < down.count; ++k) {
      const int source = first + static_cast<int>(k);
      Line& line = kept[static_cast<std::size_t>(source) % down.count];
      lines[k] = line.data();
      if (source < next) continue;
      filter_line(pixel_at(image, window.top + source, window.left), image.channels, across, line);
      next = source + 1;
    }
    filter_down<Arithmetic>(lines, down.weights.data() + row * down.count,
                            std::span(result.pixels).subspan(row * line_length, line_length));
  }
  return result;
}

void expect_window(const std::string& where, const Image& image, const Window& window) {
  expect_valid(image, where);
  const auto inside = [](int begin, int length, int whole) { return begin >= 0 && length > 0 && length <= whole - begin; };
  if (!inside(window.top, window.height, image.height) || !inside(window.left, window.width, image.width)) {
    throw InputError(where, "a window inside an image of " + pixels_text(image.height, image.width),
                     size_text(window.height, window.width) + " pixels from row " + std::to_string(window.top) +
                         " and column " + std::to_string(window.left));
  }
}

}  // namespace

const char* to_string(Interpolation interpolation) {
  switch (interpolation) {
    case Interpolation::bilinear:
      return "bilinear";
    case Interpolation::bicubic:
      return "bicubic";
    case Interpolation::area:
      return "area";
  }
  return "";
}

Image resampled(const Image& image, const Window& window, int height, int width, Interpolation interpolation,
                bool antialias) {
  expect_window("resampled", image, window);
  if (height < 1 || width < 1) {
    throw InputError("resampled", "a result of at least 1 x 1 pixels (height x width)", size_text(height, width));
  }
  if (height == window.height && width == window.width) return cropped_image(image, window);
  return antialias ? filtered<PilArithmetic>(image, window, height, width, interpolation)
                   : filtered<TorchArithmetic>(image, window, height, width, interpolation);
}

Image cropped_image(const Image& image, const Window& window) {
  expect_window("cropped", image, window);
  Image crop(window.height, window.width, image.channels);
  const std::size_t line_length = static_cast<std::size_t>(window.width) * static_cast<std::size_t>(image.channels);
  auto target = crop.pixels.begin();
  for (int y = 0; y < window.height; ++y) {
    target = std::copy_n(pixel_at(image, window.top + y, window.left), line_length, target);
  }
  return crop;
}

}  // namespace fovea
