#pragma once

#include <cstddef>
#include <utility>

#include <fovea/base/random.h>

namespace fovea {

/// Fisher and Yates' shuffle; std::shuffle's result differs between standard libraries.
template <typename Items>
void shuffle(Items& items, RandomStream& stream) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[stream.below(i)]);
}

}  // namespace fovea
