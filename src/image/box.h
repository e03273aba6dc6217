#pragma once

namespace fovea {

/// A rectangle in an image, in pixels from the top left corner, so that pixel i covers [i, i + 1).
struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
};

}  // namespace fovea
