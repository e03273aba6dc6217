#include <algorithm>
#include <cstddef>
#include <link.h>
#include <thread>

#include <torch/version.h>

#include <fovea/run/environment.h>

namespace fovea {
namespace {

/// The path of the BLAS that the process has loaded.
std::string loaded_blas() {
  std::string found = "unknown";
  dl_iterate_phdr(
      [](dl_phdr_info* library, std::size_t, void* result) {
        const std::string path = library->dlpi_name;
        if (path.find("/libopenblas") == std::string::npos && path.find("/libblas") == std::string::npos) return 0;
        *static_cast<std::string*>(result) = path;
        return path.find("/libopenblas") == std::string::npos ? 0 : 1;  // the implementation rather than the interface
      },
      &found);
  return found;
}

}  // namespace

Environment describe_environment(int threads) {
  return {FOVEA_VERSION, TORCH_VERSION, loaded_blas(), threads};
}

Json to_json(const Environment& environment) {
  return {{"fovea", environment.fovea},
          {"libtorch", environment.libtorch},
          {"blas", environment.blas},
          {"threads", environment.threads}};
}

int available_threads() {
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace fovea
