#pragma once

#include <optional>
#include <string>
#include <vector>

#include <fovea/base/random.h>
#include <fovea/image/resample.h>
#include <fovea/options/fields.h>

namespace fovea {

/// The options `area` and `aspect`: how large and of which shape a random window of an image may be.
struct WindowRange {
  std::vector<double> area;    ///< smallest and largest share of the image's pixels, in (0, 1]
  std::vector<double> aspect;  ///< smallest and largest width / height, in pixels

  void visit_fields(FieldVisitor& fields);

  /// @throws InputError when a smallest value is above its largest. @param where the place of the section they stand in.
  void validate(const std::string& where) const;

  /// A window somewhere in an image: area uniform, the logarithm of the aspect uniform, every place equally likely.
  /// @return nothing when ten tries gave none that fits.
  std::optional<Window> draw(int height, int width, RandomStream& stream) const;
};

}  // namespace fovea
