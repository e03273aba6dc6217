#pragma once

#include <memory>
#include <string>
#include <vector>

#include <fovea/draw/color.h>
#include <fovea/image/image.h>
#include <fovea/image/point.h>
#include <fovea/image/scaled_image.h>

namespace fovea {

/// Rectangle in pixels; x, y is its top left corner.
struct Rectangle {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
};

struct Stroke {
  Color color = kInk;
  double width = 1;
  double dash = 0;  ///< length of the dashes and of the gaps between them; 0 draws a solid line
};

struct TextStyle {
  enum class Align { left, centre, right };
  enum class Vertical { baseline, middle, top };

  double size = 12;  ///< of the font, in pixels
  bool bold = false;
  Color color = kInk;
  Align align = Align::left;               ///< horizontal alignment at the anchor
  Vertical vertical = Vertical::baseline;  ///< vertical alignment at the anchor; middle: of digits and capitals
  double rotation = 0;                     ///< degrees about the anchor, counter-clockwise
};

struct TextExtent {
  double width = 0;
  double height = 0;  ///< of a line: from the highest to the lowest letter of the font
};

/// Size of a text without rotation.
TextExtent text_extent(const std::string& utf8, const TextStyle& style);

/// Where a text that is too long gets its ellipsis.
enum class Truncation { end, middle };

/// The text, truncated with an ellipsis to a width in pixels; "" when not even the ellipsis fits.
std::string fitted_text(const std::string& utf8, const TextStyle& style, double width,
                        Truncation truncation = Truncation::end);

inline constexpr int kMaximumCanvasSide = 32767;

class DrawingSurface;

/// Drawing surface. A line of width 1 is sharp at half coordinates. Text is UTF-8 (invalid bytes are drawn as U+FFFD) in the
/// system's sans-serif font; a character that the font lacks shows as an empty box. Drawings are clipped at the border.
/// Coordinates must be finite. The same calls give the same pixels wherever the same font is installed. Several threads may
/// draw, each on its own canvas. Every function that draws throws SystemError when the drawing library fails, e.g. for lack
/// of memory.
class Canvas {
 public:
  /// @throws InputError unless both sides are in 1..kMaximumCanvasSide and there are at most kMaximumImagePixels pixels.
  Canvas(int height, int width, const Color& background = kWhite);
  Canvas(Canvas&&) noexcept;
  Canvas& operator=(Canvas&&) noexcept;
  ~Canvas();

  int height() const;
  int width() const;

  void fill_rectangle(const Rectangle& box, const Color& color);
  void stroke_rectangle(const Rectangle& box, const Stroke& stroke);
  void fill_circle(Point centre, double radius, const Color& color);
  void stroke_circle(Point centre, double radius, const Stroke& stroke);
  void line(Point from, Point to, const Stroke& stroke);
  /// Without effect for fewer than two points.
  void polyline(const std::vector<Point>& points, const Stroke& stroke);
  void text(const std::string& utf8, Point anchor, const TextStyle& style);

  /// Fills a box, rounded to whole pixels (at least one), with an image.
  /// @throws InputError for an image without pixels or with other than 1 or 3 channels, or a box longer than
  /// kMaximumCanvasSide.
  void draw(const Image& image, const Rectangle& box, Scaling scaling);

  /// The picture so far: RGB [H, W, 3].
  Image image() const;

 private:
  std::unique_ptr<DrawingSurface> surface_;
};

}  // namespace fovea
