#pragma once

#include <fovea/image/image.h>

namespace fovea {

/// An image at `factor` times its size, at least a pixel high and wide: shrunk to the mean of what each pixel covers, or
/// enlarged so that its pixels stay visible. @param factor positive.
Image zoomed(const Image& image, double factor);

}  // namespace fovea
