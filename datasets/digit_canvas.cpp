#include <algorithm>
#include <cstddef>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/datasets/digit_canvas.h>
#include <fovea/image/resample.h>
#include <fovea/image/size_text.h>

namespace fovea {
namespace {

struct Size {
  int height, width;

  bool holds(const Size& inner) const { return inner.height <= height && inner.width <= width; }
};

/// Uniform draw of a window of this size inside an image.
Window random_window(const Size& size, const Size& image, RandomStream& draws) {
  const auto offset = [&](int largest) { return static_cast<int>(draws.below(static_cast<std::uint64_t>(largest) + 1)); };
  const int top = offset(image.height - size.height);
  const int left = offset(image.width - size.width);
  return {top, left, size.height, size.width};
}

/// Adds a window of an image to a window of a canvas; sums are clamped to 255.
void add(const ImageView& image, int top, int left, Image& canvas, const Window& target) {
  const std::ptrdiff_t line_length = std::ptrdiff_t{target.width} * image.channels;
  for (int y = 0; y < target.height; ++y) {
    const std::uint8_t* source = image.at(top + y, left);
    std::uint8_t* sums = &canvas.at(target.top + y, target.left, 0);
    for (std::ptrdiff_t i = 0; i < line_length; ++i) {
      sums[i] = static_cast<std::uint8_t>(std::min(255, sums[i] + source[i]));
    }
  }
}

/// Smallest window with every pixel that is not black; the whole image when all are black.
Window bounds_of(const ImageView& image) {
  const auto is_black = [&](int top, int left, int height, int width) {
    const auto black_line = [&](const std::uint8_t* line) {
      return std::all_of(line, line + std::ptrdiff_t{width} * image.channels, [](std::uint8_t value) { return value == 0; });
    };
    int y = top;
    while (y < top + height && black_line(image.at(y, left))) ++y;
    return y == top + height;
  };
  int top = 0, left = 0, bottom = image.height, right = image.width;
  while (top < bottom && is_black(top, left, 1, right)) ++top;
  if (top == bottom) return {0, 0, image.height, image.width};
  while (is_black(bottom - 1, left, 1, right)) --bottom;
  while (is_black(top, left, bottom - top, 1)) ++left;
  while (is_black(top, right - 1, bottom - top, 1)) --right;
  return {top, left, bottom - top, right - left};
}

/// Box on the canvas of a part of an image at this position.
Box box_at(const Window& position, const Window& part) {
  const double left = position.left + part.left;
  const double top = position.top + part.top;
  return {left, top, left + part.width, top + part.height};
}

}  // namespace

DigitCanvas::DigitCanvas(std::shared_ptr<const ArrayDataset> source, const CanvasLayout& layout, const RandomStream& fixed)
    : source_(std::move(source)), layout_(layout), fixed_(fixed) {
  const Size image{source_->height(), source_->width()};
  const Size canvas{layout_.height, layout_.width};
  const Size piece{layout_.piece_height, layout_.piece_width};
  const std::string size = pixels_text(image.height, image.width) + ", the size of the source's images";
  if (!canvas.holds(image)) {
    throw InputError("data.canvas", "at least " + size, size_text(canvas.height, canvas.width), "set a larger data.canvas");
  }
  if (layout_.pieces > 0 && !image.holds(piece)) {
    throw InputError("data.clutter_size", "at most " + size, size_text(piece.height, piece.width),
                     "set a smaller data.clutter_size");
  }
}

Sample DigitCanvas::composed(std::int64_t index, RandomStream draws) const {
  const Size canvas{layout_.height, layout_.width};
  const Size piece{layout_.piece_height, layout_.piece_width};
  const Size image{source_->height(), source_->width()};
  Sample sample{Image(canvas.height, canvas.width, channels()), label(index)};
  const Window position = random_window(image, canvas, draws);
  for (int i = 0; i < layout_.pieces; ++i) {
    const auto other = static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(size())));
    const Window part = random_window(piece, image, draws);
    add(source_->view(other), part.top, part.left, sample.image, random_window(piece, canvas, draws));
  }
  const ImageView digit = source_->view(index);
  add(digit, 0, 0, sample.image, position);
  sample.box = box_at(position, bounds_of(digit));
  return sample;
}

}  // namespace fovea
