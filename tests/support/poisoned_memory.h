#pragma once

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace fovea {

/// While it lives, memory that is allocated holds bytes that read as NaN, so that values that nobody set are seen.
class PoisonedMemory {
 public:
#ifdef __GLIBC__
  PoisonedMemory() {
    mallopt(M_PERTURB, 0x100);
  }  // allocated bytes are the complement of the last one, 0x00
  ~PoisonedMemory() {
    mallopt(M_PERTURB, 0);
  }
#else
  PoisonedMemory() = default;
#endif
  PoisonedMemory(const PoisonedMemory&) = delete;
  PoisonedMemory& operator=(const PoisonedMemory&) = delete;
};

}  // namespace fovea
