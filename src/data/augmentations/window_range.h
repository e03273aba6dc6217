#pragma once

#include <optional>
#include <string>
#include <vector>

#include <fovea/base/random.h>
#include <fovea/image/resample.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Options `area` and `aspect`: ranges of the area and the aspect of a random window of an image.
struct WindowRange {
  std::vector<double> area;    ///< smallest and largest fraction of the image's pixels, in (0, 1]
  std::vector<double> aspect;  ///< smallest and largest width / height, in pixels

  void visit_fields(FieldVisitor& fields);

  /// @throws InputError unless both hold two values in range, the smallest first. @param where names the section in
  /// messages.
  void expect_valid(const std::string& where) const;

  /// Draws a window of an image: area, logarithm of the aspect and position are uniform. @return None when ten draws do not
  /// fit into the image. @throws InputError as expect_valid() does.
  std::optional<Window> draw(int height, int width, RandomStream& stream) const;
};

}  // namespace fovea
