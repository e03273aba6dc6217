#pragma once

#include <string>

namespace fovea {

/// Keeps other processes that ask for the same lock out of a folder while it lives. The kernel gives it back when the
/// process ends, however it ends; no file is left behind.
class DirectoryLock {
 public:
  /// @param path of an existing folder. @throws InputError when another process holds it; SystemError when it cannot be
  /// opened. File systems without locks are let pass.
  explicit DirectoryLock(const std::string& path);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace fovea
