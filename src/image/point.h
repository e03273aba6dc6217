#pragma once

namespace fovea {

/// Point in pixels from the top left corner, x to the right, y down. Pixel (0, 0) covers [0, 1] x [0, 1].
struct Point {
  double x = 0;
  double y = 0;
};

}  // namespace fovea
