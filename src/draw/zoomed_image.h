#pragma once

#include <fovea/image/image.h>

namespace fovea {

/// An image at `factor` times its size, at least 1 x 1: the mean of the covered pixels when shrinking, nearest neighbour
/// when enlarging. @param factor positive.
Image zoomed_image(const Image& image, double factor);

}  // namespace fovea
