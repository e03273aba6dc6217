#pragma once

#include <fovea/image/point.h>

namespace fovea {

/// Affine transform of the plane: x' = xx x + xy y + x0, y' = yx x + yy y + y0. The identity by default.
struct Affine {
  double xx = 1, xy = 0, x0 = 0;
  double yx = 0, yy = 1, y0 = 0;

  Point operator()(double x, double y) const { return {xx * x + xy * y + x0, yx * x + yy * y + y0}; }

  double determinant() const { return xx * yy - xy * yx; }

  /// Inverse transform. Requires a determinant other than zero.
  Affine inverse() const {
    const double d = determinant();
    return {yy / d, -xy / d, (xy * y0 - yy * x0) / d, -yx / d, xx / d, (yx * x0 - xx * y0) / d};
  }
};

/// First `inner`, then `outer`.
inline Affine compose(const Affine& outer, const Affine& inner) {
  const Point origin = outer(inner.x0, inner.y0);
  return {outer.xx * inner.xx + outer.xy * inner.yx, outer.xx * inner.xy + outer.xy * inner.yy, origin.x,
          outer.yx * inner.xx + outer.yy * inner.yx, outer.yx * inner.xy + outer.yy * inner.yy, origin.y};
}

}  // namespace fovea
