#include <malloc.h>

#include "program.h"

int main(int argc, char** argv) {
  // glibc gives large blocks back to the kernel on every free, so each training step would page-fault its activations
  // anew. Keeping them is worth several per cent; a library must not decide this for its process, the program may.
  constexpr int kKeep = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kKeep);
  mallopt(M_TRIM_THRESHOLD, kKeep);
  return fovea::run_program(argc, argv);
}
