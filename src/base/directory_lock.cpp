#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fovea/base/directory_lock.h>
#include <fovea/base/error.h>

namespace fovea {

DirectoryLock::DirectoryLock(const std::string& path) : descriptor_(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ < 0) throw SystemError(path + ": cannot open the folder: " + system_message(errno) + "; check the path");
  if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  close(descriptor_);
  throw InputError(path, "a folder that no other process writes to", "one that another process holds",
                   "wait until it ends, or choose another output folder");
}

DirectoryLock::~DirectoryLock() {
  close(descriptor_);
}

}  // namespace fovea
