#pragma once

#include <string>

#include <fovea/run/conversion.h>

namespace fovea {

/// Report of a conversion in lines of text: what was read, what does not fit the network, and, where all fits, the tensors
/// or the files that were written. Names are printable(); see `fovea/base/printable.h`.
std::string conversion_text(const Conversion& conversion);

}  // namespace fovea
