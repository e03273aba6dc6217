#pragma once

#include <fovea/eval/fraction.h>

namespace fovea {

/// 95 % confidence interval: of such intervals of many samples, 95 % contain the true number.
struct Interval {
  double low = 0;
  double high = 0;
};

/// Wilson's score interval of the probability behind a fraction, e.g. of a top-1 that was measured on some images (Wilson,
/// "Probable Inference, the Law of Succession, and Statistical Inference", 1927, doi:10.1080/01621459.1927.10502953): with
/// c of n and z = 1.96,
///
///     (c + z^2 / 2 -+ z sqrt(c (n - c) / n + z^2 / 4)) / (n + z^2)
///
/// Within [0, 1], and never a single point: 0 of 10 gives [0, 0.28]. [0, 1] for a total of 0, which tells nothing.
/// It covers the choice of the test images alone, not that of the training's seed.
Interval wilson_interval(const Fraction& fraction);

}  // namespace fovea
