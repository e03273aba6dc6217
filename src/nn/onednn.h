#pragma once

#include <ATen/Context.h>
#include <torch/version.h>

namespace fovea::compat {

/// Leaves oneDNN out of the operators of this process where it is not to be trusted. oneDNN 3.7.2, that of Debian 13's
/// LibTorch 2.6, computes wrong convolutions of float32 on processors with AVX where the channels do not fill its vectors:
/// 224 of 3 696 shapes tried in Debian's Python, such as 24 to 4 channels, with relative errors of 0.3 and more or NaN; none
/// without it.
inline void leave_out_wrong_convolutions() {
#if TORCH_VERSION_MAJOR >= 2
  at::globalContext().setUserEnabledMkldnn(false);
#endif
}

}  // namespace fovea::compat
