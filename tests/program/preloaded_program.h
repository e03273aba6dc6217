#pragma once

#include <sys/types.h>

#include "program_process.h"

namespace fovea {

/// A process that has loaded the program's libraries and done nothing else: a fork of it is where main() of `fovea` begins.
/// Loading LibTorch takes 0.9 s of a core, most of what a test of a command would take. Make it before any test runs.
class PreloadedProgram {
 public:
  PreloadedProgram();
  ~PreloadedProgram();
  PreloadedProgram(const PreloadedProgram&) = delete;
  PreloadedProgram& operator=(const PreloadedProgram&) = delete;

  /// Runs the program in a fork, with this process' environment. @return the fork, a child of this process.
  pid_t start(const ProgramStart& start) const;

 private:
  pid_t process_ = 0;
  int socket_ = -1;
};

}  // namespace fovea
