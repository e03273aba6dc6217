#include <fovea/attention/site.h>

namespace fovea {

const char* to_string(Slot slot) {
  constexpr const char* kNames[] = {"input", "block", "conv", "stage", "pool"};
  return kNames[static_cast<int>(slot)];
}

}  // namespace fovea
