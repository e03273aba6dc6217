#pragma once

#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

namespace fovea {

/// Limit of the memory that this process may map beyond what it has, while it lives. A few threads exhaust 64 MiB: each has
/// a stack of 8.
class MemoryLimit {
 public:
  explicit MemoryLimit(rlim_t more_bytes) {
    getrlimit(RLIMIT_AS, &before_);
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlimit limit{pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + more_bytes, before_.rlim_max};
    setrlimit(RLIMIT_AS, &limit);
  }
  /// False under a sanitizer, whose own memory would be limited too.
  static constexpr bool is_possible() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false;
#else
    return true;
#endif
  }
  ~MemoryLimit() {
    setrlimit(RLIMIT_AS, &before_);
  }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  rlimit before_{};
};

}  // namespace fovea
