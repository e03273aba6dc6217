#include <cmath>

#include <fovea/base/error.h>
#include <fovea/config/config_node.h>
#include <fovea/data/augmentations/window_range.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

void expect_ordered(const std::vector<double>& range, const std::string& where) {
  if (range[0] <= range[1]) return;
  throw InputError(where, "the smallest value, then the largest", Json(range).dump());
}

/// An offset that keeps a window of side `inner` inside `outer` pixels.
int random_offset(int outer, int inner, RandomStream& stream) {
  return static_cast<int>(stream.below(static_cast<std::uint64_t>(outer - inner) + 1));
}

}  // namespace

void WindowRange::visit_fields(FieldVisitor& fields) {
  fields.reals("area", area, {.minimum = 0, .maximum = 1, .minimum_open = true}, {2, 2},
               "smallest and largest fraction of the image's pixels");
  fields.reals("aspect", aspect, {.minimum = 0.01, .maximum = 100}, {2, 2}, "smallest and largest width / height");
}

void WindowRange::expect_valid(const std::string& where) const {
  expect_in_range(*this, where);
  expect_ordered(area, where + ".area");
  expect_ordered(aspect, where + ".aspect");
}

std::optional<Window> WindowRange::draw(int height, int width, RandomStream& stream) const {
  expect_valid("random window");
  constexpr int kTries = 10;  // as torchvision
  for (int i = 0; i < kTries; ++i) {
    const double pixels = stream.uniform(area[0], area[1]) * height * width;
    const double shape = std::exp(stream.uniform(std::log(aspect[0]), std::log(aspect[1])));
    Window window;
    window.height = static_cast<int>(std::lrint(std::sqrt(pixels / shape)));
    window.width = static_cast<int>(std::lrint(std::sqrt(pixels * shape)));
    if (window.height < 1 || window.height > height || window.width < 1 || window.width > width) continue;
    window.top = random_offset(height, window.height, stream);
    window.left = random_offset(width, window.width, stream);
    return window;
  }
  return std::nullopt;
}

}  // namespace fovea
