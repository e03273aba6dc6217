#include <fovea/attention/insertion_point.h>

namespace fovea {

const char* to_string(InsertionKind slot) {
  constexpr const char* kNames[] = {"input", "block", "conv", "stage", "pool"};
  return kNames[static_cast<int>(slot)];
}

}  // namespace fovea
