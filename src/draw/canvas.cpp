#include <algorithm>
#include <array>
#include <cairo.h>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/base/utf8.h>
#include <fovea/draw/canvas.h>
#include <fovea/image/image_size.h>
#include <fovea/image/size_text.h>

namespace fovea {

struct CairoDeleter {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo_destroy(context); }
  void operator()(cairo_font_options_t* options) const { cairo_font_options_destroy(options); }
};

template <typename T>
using CairoPointer = std::unique_ptr<T, CairoDeleter>;

namespace {

/// A failed call reports no error: Cairo stores its status and ignores all later calls.
void expect_success(cairo_status_t status) {
  if (status == CAIRO_STATUS_SUCCESS) return;
  throw SystemError(std::string("canvas: cannot draw: ") + cairo_status_to_string(status) + "; make the picture smaller");
}

/// Grey antialiasing without hinting: independent of the screen, and suitable for rotated text.
void use_plain_letters(cairo_t* context) {
  const CairoPointer<cairo_font_options_t> options(cairo_font_options_create());
  cairo_font_options_set_antialias(options.get(), CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options.get(), CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options.get(), CAIRO_HINT_METRICS_OFF);
  cairo_set_font_options(context, options.get());
}

/// A box's edges on the pixel grid.
struct PixelBox {
  int left, top, width, height;
};

PixelBox on_pixels(const Rectangle& box) {
  const bool valid = std::abs(box.x) <= 1e6 && std::abs(box.y) <= 1e6 && box.width >= 0 && box.height >= 0 &&
                     box.width <= kMaximumCanvasSide && box.height <= kMaximumCanvasSide;
  if (!valid) {
    throw InputError("canvas", "a box of at most " + std::to_string(kMaximumCanvasSide) + " pixels per side",
                     number_text(box.height) + " x " + number_text(box.width) + " (height x width)");
  }
  const auto rounded = [](double coordinate) { return static_cast<int>(std::lround(coordinate)); };
  const int left = rounded(box.x);
  const int top = rounded(box.y);
  return {left, top, std::max(1, rounded(box.x + box.width) - left), std::max(1, rounded(box.y + box.height) - top)};
}

/// A text without all but `kept` of its characters, with an ellipsis in their place. @param starts its character_starts().
std::string with_ellipsis(const std::string& text, const std::vector<std::size_t>& starts, std::size_t kept,
                          Truncation truncation) {
  const std::size_t behind = truncation == Truncation::end ? 0 : kept / 2;
  std::size_t before = starts[kept - behind];
  while (before > 0 && text[before - 1] == ' ') --before;
  return text.substr(0, before) + "…" + text.substr(starts[starts.size() - 1 - behind]);
}

}  // namespace

/// Cairo's pixels and the state it draws with.
class DrawingSurface {
 public:
  DrawingSurface(int height, int width)
      : surface_(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height)), context_(cairo_create(surface_.get())) {
    use_plain_letters(context());
    expect_no_failure();
  }

  cairo_t* context() const { return context_.get(); }
  void expect_no_failure() const { expect_success(cairo_status(context())); }
  int height() const { return cairo_image_surface_get_height(surface_.get()); }
  int width() const { return cairo_image_surface_get_width(surface_.get()); }

  void fill(const Color& color) {
    cairo_set_source_rgba(context(), color.red, color.green, color.blue, color.alpha);
    cairo_fill(context());
    expect_no_failure();
  }

  void stroke(const Stroke& stroke) {
    cairo_set_source_rgba(context(), stroke.color.red, stroke.color.green, stroke.color.blue, stroke.color.alpha);
    cairo_set_line_width(context(), stroke.width);
    cairo_set_line_join(context(), CAIRO_LINE_JOIN_ROUND);
    cairo_set_dash(context(), &stroke.dash, stroke.dash > 0 ? 1 : 0, 0);
    cairo_stroke(context());
    expect_no_failure();
  }

  void select_font(const TextStyle& style) {
    cairo_select_font_face(context(), "sans", CAIRO_FONT_SLANT_NORMAL,
                           style.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(context(), style.size);
  }

  /// @param text valid UTF-8.
  cairo_text_extents_t extents(const std::string& text) const {
    cairo_text_extents_t extents;
    cairo_text_extents(context(), text.c_str(), &extents);
    expect_no_failure();
    return extents;
  }

  cairo_font_extents_t font_extents() const {
    cairo_font_extents_t extents;
    cairo_font_extents(context(), &extents);
    expect_no_failure();
    return extents;
  }

  /// One number per pixel: 0x..RRGGBB.
  std::uint32_t* row(int y) const {
    const std::ptrdiff_t stride = cairo_image_surface_get_stride(surface_.get());
    return reinterpret_cast<std::uint32_t*>(cairo_image_surface_get_data(surface_.get()) + y * stride);
  }
  void begin_pixel_access() const { cairo_surface_flush(surface_.get()); }
  void end_pixel_changes() const { cairo_surface_mark_dirty(surface_.get()); }

 private:
  CairoPointer<cairo_surface_t> surface_;
  CairoPointer<cairo_t> context_;
};

TextExtent text_extent(const std::string& utf8, const TextStyle& style) {
  DrawingSurface surface(1, 1);
  surface.select_font(style);
  const cairo_font_extents_t font = surface.font_extents();
  return {surface.extents(displayable_utf8(utf8)).x_advance, font.ascent + font.descent};
}

std::string fitted_text(const std::string& utf8, const TextStyle& style, double width, Truncation truncation) {
  DrawingSurface surface(1, 1);
  surface.select_font(style);
  const auto fits = [&](const std::string& text) { return surface.extents(text).x_advance <= width; };
  std::string text = displayable_utf8(utf8);
  if (fits(text)) return text;

  const std::vector<std::size_t> starts = character_starts(text);
  const auto shortened = [&](std::size_t kept) { return with_ellipsis(text, starts, kept, truncation); };
  std::vector<std::size_t> lengths(starts.size());
  std::iota(lengths.begin(), lengths.end(), 0);
  const auto too_long =
      std::partition_point(lengths.begin(), lengths.end(), [&](std::size_t kept) { return fits(shortened(kept)); });
  return too_long == lengths.begin() ? "" : shortened(*(too_long - 1));
}

Canvas::Canvas(int height, int width, const Color& background) {
  if (std::min(height, width) < 1 || std::max(height, width) > kMaximumCanvasSide) {
    throw InputError("canvas", "sides of 1 to " + std::to_string(kMaximumCanvasSide) + " pixels",
                     size_text(height, width) + " (height x width)", "make the picture smaller");
  }
  expect_image_size(height, width, "canvas");
  surface_ = std::make_unique<DrawingSurface>(height, width);
  fill_rectangle({0, 0, static_cast<double>(width), static_cast<double>(height)}, background);
}

Canvas::Canvas(Canvas&&) noexcept = default;
Canvas& Canvas::operator=(Canvas&&) noexcept = default;
Canvas::~Canvas() = default;

int Canvas::height() const {
  return surface_->height();
}

int Canvas::width() const {
  return surface_->width();
}

void Canvas::fill_rectangle(const Rectangle& box, const Color& color) {
  cairo_rectangle(surface_->context(), box.x, box.y, box.width, box.height);
  surface_->fill(color);
}

void Canvas::stroke_rectangle(const Rectangle& box, const Stroke& stroke) {
  cairo_rectangle(surface_->context(), box.x, box.y, box.width, box.height);
  surface_->stroke(stroke);
}

void Canvas::fill_circle(Point centre, double radius, const Color& color) {
  cairo_arc(surface_->context(), centre.x, centre.y, radius, 0, 2 * std::numbers::pi);
  surface_->fill(color);
}

void Canvas::stroke_circle(Point centre, double radius, const Stroke& stroke) {
  cairo_arc(surface_->context(), centre.x, centre.y, radius, 0, 2 * std::numbers::pi);
  surface_->stroke(stroke);
}

void Canvas::line(Point from, Point to, const Stroke& stroke) {
  polyline({from, to}, stroke);
}

void Canvas::polyline(const std::vector<Point>& points, const Stroke& stroke) {
  for (const Point& point : points) cairo_line_to(surface_->context(), point.x, point.y);
  surface_->stroke(stroke);
}

void Canvas::text(const std::string& utf8, Point anchor, const TextStyle& style) {
  const std::string text = displayable_utf8(utf8);
  surface_->select_font(style);
  double left = 0;
  if (style.align != TextStyle::Align::left) {
    left = -surface_->extents(text).x_advance * (style.align == TextStyle::Align::right ? 1.0 : 0.5);
  }
  double baseline = 0;
  if (style.vertical == TextStyle::Vertical::middle) baseline = surface_->extents("0").height / 2;
  if (style.vertical == TextStyle::Vertical::top) baseline = surface_->font_extents().ascent;

  cairo_t* context = surface_->context();
  cairo_save(context);
  cairo_translate(context, anchor.x, anchor.y);
  cairo_rotate(context, -style.rotation * std::numbers::pi / 180);
  cairo_move_to(context, left, baseline);
  cairo_set_source_rgba(context, style.color.red, style.color.green, style.color.blue, style.color.alpha);
  cairo_show_text(context, text.c_str());
  cairo_restore(context);
  cairo_new_path(context);  // show_text leaves a current point behind the text
  surface_->expect_no_failure();
}

void Canvas::draw(const Image& image, const Rectangle& box, Scaling scaling) {
  if (image.pixels.empty() || (image.channels != 1 && image.channels != 3))
    throw InputError("canvas", "an image with pixels of 1 or 3 channels",
                     shape_text(image) + " (height x width x channels)");
  expect_valid(image, "canvas");
  const PixelBox target_box = on_pixels(box);
  const Image source = scaled_image(image, target_box.height, target_box.width, scaling);
  const int channels = image.channels;
  const int first_row = std::max(0, -target_box.top);
  const int end_row = std::min(target_box.height, height() - target_box.top);
  const int first_column = std::max(0, -target_box.left);
  const int end_column = std::min(target_box.width, width() - target_box.left);

  surface_->begin_pixel_access();
  for (int y = first_row; y < end_row; ++y) {
    const std::uint8_t* values = source.pixels.data() + static_cast<std::size_t>(y) * source.width * channels;
    std::uint32_t* target = surface_->row(target_box.top + y);
    for (int x = first_column; x < end_column; ++x) {
      const std::uint8_t* value = values + static_cast<std::ptrdiff_t>(x) * channels;
      const std::uint32_t red = value[0];
      const std::uint32_t green = value[channels == 3 ? 1 : 0];
      const std::uint32_t blue = value[channels == 3 ? 2 : 0];
      target[target_box.left + x] = 0xFF000000U | red << 16 | green << 8 | blue;
    }
  }
  surface_->end_pixel_changes();
}

Image Canvas::image() const {
  surface_->begin_pixel_access();
  Image image(height(), width(), 3);
  std::uint8_t* target = image.pixels.data();
  for (int y = 0; y < image.height; ++y) {
    const std::uint32_t* source = surface_->row(y);
    for (int x = 0; x < image.width; ++x) {
      *target++ = static_cast<std::uint8_t>(source[x] >> 16);
      *target++ = static_cast<std::uint8_t>(source[x] >> 8);
      *target++ = static_cast<std::uint8_t>(source[x]);
    }
  }
  return image;
}

}  // namespace fovea
