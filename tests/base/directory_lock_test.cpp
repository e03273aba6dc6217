#include <optional>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <fovea/base/directory_lock.h>
#include <fovea/base/error.h>

#include "temporary_directory.h"

namespace fovea {
namespace {

/// True when another process gets the lock.
bool another_process_locks(const std::string& path) {
  const pid_t child = fork();
  if (child == 0) {
    try {
      const DirectoryLock lock(path);
    } catch (const InputError&) {
      _exit(1);
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(DirectoryLockTest, KeepsOthersOutWhileItLives) {
  const TemporaryDirectory folder;
  std::optional<DirectoryLock> lock(std::in_place, folder.path());
  EXPECT_FALSE(another_process_locks(folder.path()));
  EXPECT_THROW(DirectoryLock(folder.path()), InputError);  // nor a second time in this process
  lock.reset();
  EXPECT_TRUE(another_process_locks(folder.path()));
  EXPECT_NO_THROW(DirectoryLock(folder.path()));  // the other process is gone, and its lock with it
}

TEST(DirectoryLockTest, NeedsAFolder) {
  const TemporaryDirectory folder;
  EXPECT_THROW(DirectoryLock(folder.path("none")), SystemError);
}

}  // namespace
}  // namespace fovea
