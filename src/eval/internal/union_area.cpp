#include <algorithm>
#include <limits>

#include <fovea/eval/internal/union_area.h>

namespace fovea {
namespace {

/// Covered length of a vertical line. @param from_top the boxes sorted by their top. @param left, right strip of the line,
/// in which no box begins or ends.
double covered_length(const std::vector<Box>& from_top, double left, double right) {
  double length = 0;
  double reached = -std::numeric_limits<double>::infinity();
  for (const Box& box : from_top) {
    if (box.left > left || box.right < right) continue;
    length += std::max(0.0, box.bottom - std::max(box.top, reached));
    reached = std::max(reached, box.bottom);
  }
  return length;
}

}  // namespace

double union_area(std::vector<Box> boxes) {
  std::sort(boxes.begin(), boxes.end(), [](const Box& a, const Box& b) { return a.top < b.top; });
  std::vector<double> sides;
  for (const Box& box : boxes) sides.insert(sides.end(), {box.left, box.right});
  std::sort(sides.begin(), sides.end());
  double area = 0;
  for (std::size_t i = 1; i < sides.size(); ++i) {
    const double width = sides[i] - sides[i - 1];
    if (width > 0) area += width * covered_length(boxes, sides[i - 1], sides[i]);
  }
  return area;
}

}  // namespace fovea
