#pragma once

#include <string>

#include <fovea/config/config_node.h>

namespace fovea {

/// Versions, BLAS and threads of a computation.
struct Environment {
  std::string fovea;     ///< version
  std::string libtorch;  ///< version
  std::string blas;      ///< path of the library that the process has loaded
  int threads = 1;
};

Environment describe_environment(int threads);

Json to_json(const Environment& environment);

/// Number of hardware threads, at least 1.
int available_threads();

}  // namespace fovea
