#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/draw/color_scale.h>

namespace fovea {
namespace {

const TextStyle kScaleStyle{.size = 11, .color = kQuiet, .vertical = TextStyle::Vertical::top};

Image color_bar(const ColorTable& table, bool wide) {
  const int count = static_cast<int>(table.size());
  Image bar = wide ? Image(1, count, 3) : Image(count, 1, 3);
  std::uint8_t* value = bar.pixels.data();
  for (int i = 0; i < count; ++i) {
    const Rgb8& color = table[static_cast<std::size_t>(wide ? i : count - 1 - i)];
    *value++ = color.red;
    *value++ = color.green;
    *value++ = color.blue;
  }
  return bar;
}

void draw_bar(Canvas& canvas, const Rectangle& box, const Image& bar) {
  canvas.draw(bar, box, Scaling::smooth);
  // A bright end would not stand out from the background.
  canvas.stroke_rectangle({box.x + 0.5, box.y + 0.5, box.width - 1, box.height - 1}, {.color = with_alpha(kQuiet, 0.5)});
}

/// The numbers beside a colour scale.
struct ScaleTexts {
  std::string low, middle, high;
};

ScaleTexts scale_texts(const ValueRange& range) {
  if (!(range.low <= range.high) || !std::isfinite(range.high - range.low)) {
    throw InputError("colour scale", "a finite range from low to high",
                     number_text(range.low) + " to " + number_text(range.high));
  }
  const double middle = range.low + (range.high - range.low) / 2;
  return {short_number_text(range.low, range), short_number_text(middle, range), short_number_text(range.high, range)};
}

void draw_wide_scale(Canvas& canvas, const Rectangle& box, const ColorTable& table, const ScaleTexts& texts) {
  constexpr double kNumbers = 17;
  const double bar = box.height - kNumbers;
  draw_bar(canvas, {box.x, box.y, box.width, bar}, color_bar(table, true));
  TextStyle style = kScaleStyle;
  const double top = box.y + bar + 3;
  canvas.text(texts.low, {box.x, top}, style);
  style.align = TextStyle::Align::right;
  canvas.text(texts.high, {box.x + box.width, top}, style);
  style.align = TextStyle::Align::centre;
  constexpr double kApart = 12;
  const double ends = std::max(text_extent(texts.low, style).width, text_extent(texts.high, style).width);
  if (text_extent(texts.middle, style).width / 2 + ends + kApart > box.width / 2) return;
  canvas.text(texts.middle, {box.x + box.width / 2, top}, style);
}

void draw_high_scale(Canvas& canvas, const Rectangle& box, const ColorTable& table, const ScaleTexts& texts) {
  TextStyle style = kScaleStyle;
  style.vertical = TextStyle::Vertical::middle;
  constexpr double kBar = 12;
  constexpr double kHalfLetter = 5;
  draw_bar(canvas, {box.x, box.y, kBar, box.height}, color_bar(table, false));
  const double left = box.x + kBar + 5;
  canvas.text(texts.high, {left, box.y + kHalfLetter}, style);
  canvas.text(texts.low, {left, box.y + box.height - kHalfLetter}, style);
  if (box.height > 6 * kHalfLetter) canvas.text(texts.middle, {left, box.y + box.height / 2}, style);
}

}  // namespace

void draw_color_scale(Canvas& canvas, const Rectangle& box, const ColorTable& colors, const ValueRange& range) {
  const ScaleTexts texts = scale_texts(range);
  if (box.width > box.height) {
    draw_wide_scale(canvas, box, colors, texts);
  } else {
    draw_high_scale(canvas, box, colors, texts);
  }
}

void draw_color_scale(Canvas& canvas, const Rectangle& box, const ColorScale& scale) {
  draw_color_scale(canvas, box, color_table(scale.map), {scale.low, scale.high});
}

}  // namespace fovea
