#pragma once

namespace fovea {

/// Score of an epoch's weights on the validation split.
struct ValidationScore {
  double loss = 0;  ///< mean cross-entropy in nats
  double top1 = 0;  ///< in [0, 1]
};

}  // namespace fovea
