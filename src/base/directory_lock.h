#pragma once

#include <string>

namespace fovea {

/// Advisory lock on a directory, held until it is destroyed. The kernel releases it when the process ends in any way, and it
/// leaves no file.
class DirectoryLock {
 public:
  /// @param path an existing directory. @throws InputError when another process holds the lock; SystemError when the
  /// directory cannot be opened. On file systems without locks it has no effect.
  explicit DirectoryLock(const std::string& path);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace fovea
