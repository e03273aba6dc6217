#pragma once

#include <cstdint>

#include <fovea/base/random.h>
#include <fovea/config/fields.h>
#include <fovea/image/image.h>

namespace fovea {

/// Random changes to training images, applied to 8-bit pixels after resize and crop. Everything is off by default.
struct AugmentOptions : Options {
  std::int64_t pad_crop = 0;  ///< pixels of black border on each side before a random crop of the old size; 0 = off
  double flip = 0.0;          ///< probability of a left-right flip

  void visit_fields(FieldVisitor& fields) override;
};

/// The augmented image; a pure function of the image and the stream's key.
Image augmented(Image image, const AugmentOptions& options, RandomStream stream);

}  // namespace fovea
