#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <string>

#include <fovea/base/error.h>
#include <fovea/explain/glimpse_drawing.h>
#include <fovea/explain/overlay.h>

namespace fovea {
namespace {

constexpr Color kHalo{0, 0, 0, 0.55};  // around everything, so that it stands out from any photo

/// Line widths for a photo, in its pixels.
struct Pens {
  explicit Pens(const Image& photo) {
    const double side = std::max(photo.height, photo.width);
    line = std::max(1.0, side / 180);
    halo = line < 1.5 ? 0 : std::max(1.0, line / 3);  // it would hide thin lines
    disc = std::max(1.5, side / 36);
    numbers = disc >= 5;
  }

  double line;   // of the finest window
  double halo;   // beyond each side of a line
  double disc;   // radius around a number
  bool numbers;  // true when a disc has room for a number
};

/// Makes the photo pale and grey outside of all windows.
Image with_unseen_pale(const Image& photo, const std::vector<PhotoGlimpse>& glimpses) {
  Image result = photo;
  for (std::size_t i = 0; i < result.pixels.size(); i += 3) {
    const Rgb8 pale = unseen_color({photo.pixels[i], photo.pixels[i + 1], photo.pixels[i + 2]});
    result.pixels[i] = pale.red;
    result.pixels[i + 1] = pale.green;
    result.pixels[i + 2] = pale.blue;
  }
  // A pixel is inside a window when its centre is.
  const auto first = [](double edge, int side) { return std::clamp(static_cast<int>(std::ceil(edge - 0.5)), 0, side); };
  for (const PhotoGlimpse& glimpse : glimpses) {
    for (const Box& window : glimpse.windows) {
      const int left = first(window.left, photo.width);
      const int right = std::max(left, first(window.right, photo.width));
      for (int y = first(window.top, photo.height); y < first(window.bottom, photo.height); ++y) {
        const auto row = [&](int x) { return (static_cast<std::ptrdiff_t>(y) * photo.width + x) * 3; };
        std::copy(photo.pixels.begin() + row(left), photo.pixels.begin() + row(right), result.pixels.begin() + row(left));
      }
    }
  }
  return result;
}

/// A line around the inside of a window.
void draw_window(Canvas& canvas, const Box& window, const Stroke& stroke, double halo) {
  const auto inset = [&](double distance) {
    return Rectangle{window.left + distance, window.top + distance, std::max(0.0, window.right - window.left - 2 * distance),
                     std::max(0.0, window.bottom - window.top - 2 * distance)};
  };
  const Rectangle place = inset(stroke.width / 2);
  if (halo > 0) canvas.stroke_rectangle(place, {.color = kHalo, .width = stroke.width + 2 * halo});
  canvas.stroke_rectangle(place, stroke);
}

/// The windows of one glimpse, the finest last and widest.
void draw_windows(Canvas& canvas, const PhotoGlimpse& glimpse, Color color, const Pens& pens) {
  for (std::size_t scale = glimpse.windows.size(); scale-- > 0;) {
    const double relative_width = 1 / (1 + 0.7 * static_cast<double>(scale));
    const Stroke stroke{.color = with_alpha(color, std::sqrt(relative_width)),
                        .width = std::max(1.0, relative_width * pens.line)};
    draw_window(canvas, glimpse.windows[scale], stroke, relative_width * pens.halo);
  }
}

/// Position of each number: its fixation, or the nearest free position around it.
std::vector<Point> number_places(const std::vector<PhotoGlimpse>& glimpses, const Image& photo, double radius) {
  const double apart = 2.2 * radius;
  std::vector<Point> places;
  const auto is_free = [&](Point point) {
    return std::none_of(places.begin(), places.end(),
                        [&](Point other) { return std::hypot(point.x - other.x, point.y - other.y) < apart; });
  };
  const auto inside = [&](Point point) {
    const auto limited = [radius](double at, double side) {
      return std::clamp(at, std::min(radius, side / 2), std::max(side - radius, side / 2));
    };
    return Point{limited(point.x, photo.width), limited(point.y, photo.height)};
  };
  for (const PhotoGlimpse& glimpse : glimpses) {
    Point place = inside(glimpse.fixation);
    constexpr int kDirections = 16;
    for (int trial = 0; !is_free(place) && trial < 6 * kDirections; ++trial) {
      const double distance = apart * (1 + static_cast<double>(trial / kDirections) / 2);
      const double angle = std::numbers::pi * (2.0 * (trial % kDirections) / kDirections - 0.5);
      place = inside({glimpse.fixation.x + distance * std::cos(angle), glimpse.fixation.y + distance * std::sin(angle)});
    }
    places.push_back(place);
  }
  return places;
}

/// A line that stands out from any photo.
void draw_halo_line(Canvas& canvas, const std::vector<Point>& points, Color color, double width, const Pens& pens) {
  if (pens.halo > 0) canvas.polyline(points, {.color = kHalo, .width = width + 2 * pens.halo});
  canvas.polyline(points, {.color = color, .width = width});
}

void draw_disc(Canvas& canvas, Point centre, double radius, Color color, const Pens& pens) {
  canvas.fill_circle(centre, radius + std::max(0.5, pens.halo), kHalo);
  canvas.fill_circle(centre, radius, color);
}

/// Font size at which a number fits a disc of radius 1.
double number_size(std::size_t number) {
  return number < 10 ? 1.4 : number < 100 ? 1.1 : number < 1000 ? 0.75 : 0.55;
}

/// Black or white, whichever is easier to read on a colour.
Color text_color_on(Color color) {
  return luma(color) > 0.5 ? Color{0, 0, 0} : kWhite;
}

void draw_number(Canvas& canvas, std::size_t step, Point fixation, Point place, Color color, const Pens& pens) {
  if (!pens.numbers) {
    draw_disc(canvas, fixation, pens.disc, color, pens);
    return;
  }
  if (std::hypot(place.x - fixation.x, place.y - fixation.y) > pens.disc) {
    draw_halo_line(canvas, {fixation, place}, color, pens.line / 2, pens);
    draw_disc(canvas, fixation, pens.line, color, pens);
  }
  draw_disc(canvas, place, pens.disc, color, pens);
  draw_step_number(canvas, place, pens.disc, step, color);
}

}  // namespace

Rgb8 step_color(ColorMap map, std::size_t step, std::size_t steps) {
  constexpr double kFirst = 0.4;
  constexpr double kLast = 0.95;
  const double progress = steps > 1 ? static_cast<double>(step) / static_cast<double>(steps - 1) : 1.0;
  return color_of(map, std::lerp(kFirst, kLast, progress));
}

void draw_step_number(Canvas& canvas, Point centre, double radius, std::size_t step, Color color) {
  canvas.fill_circle(centre, radius, color);
  canvas.text(std::to_string(step + 1), centre,
              {.size = number_size(step + 1) * radius,
               .bold = true,
               .color = text_color_on(color),
               .align = TextStyle::Align::centre,
               .vertical = TextStyle::Vertical::middle});
}

Image draw_glimpses(const Image& photo, const std::vector<PhotoGlimpse>& glimpses, const GlimpseMoment& moment) {
  if (photo.channels != 3) throw InputError("glimpses", "an RGB photo", std::to_string(photo.channels) + " channels");
  const std::size_t end = moment.step ? std::min(*moment.step + 1, glimpses.size()) : glimpses.size();
  const std::vector<PhotoGlimpse> shown(glimpses.begin(), glimpses.begin() + static_cast<std::ptrdiff_t>(end));
  const auto color = [&](std::size_t step) { return to_color(step_color(moment.color_map, step, glimpses.size())); };
  const Pens pens(photo);
  Canvas canvas(photo.height, photo.width);
  const Rectangle whole{0, 0, static_cast<double>(photo.width), static_cast<double>(photo.height)};
  canvas.draw(with_unseen_pale(photo, shown), whole, Scaling::nearest);

  std::vector<Point> fixations;
  for (std::size_t step = 0; step < end; ++step) {
    fixations.push_back(shown[step].fixation);
    if (!moment.step || step + 1 == end) draw_windows(canvas, shown[step], color(step), pens);
  }
  draw_halo_line(canvas, fixations, kWhite, std::max(1.0, pens.line * 0.7), pens);
  const std::vector<Point> places = number_places(shown, photo, pens.disc);
  for (std::size_t step = 0; step < end; ++step) {
    draw_number(canvas, step, fixations[step], places[step], color(step), pens);
  }
  return canvas.image();
}

}  // namespace fovea
