#pragma once

#include <vector>

#include <fovea/image/box.h>

namespace fovea {

/// Area of the union of boxes, in square pixels. The time is quadratic in the number of boxes and does not depend on their
/// size.
double union_area(std::vector<Box> boxes);

}  // namespace fovea
