#pragma once

#include <vector>

#include <fovea/image/box.h>

namespace fovea {

/// Area that boxes cover together, each part of it counted once, in square pixels. At a cost of boxes squared, whatever
/// their size.
double union_area(std::vector<Box> boxes);

}  // namespace fovea
