#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/weights/internal/open_file.h>

namespace fovea {

OpenFile::OpenFile(std::string path, const std::string& kind) : path_(std::move(path)) {
  const int descriptor = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) throw InputError(path_, kind, system_message(errno), "check the path");
  descriptor_ = {new int(descriptor), [](const int* open) {
                   ::close(*open);
                   delete open;
                 }};
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) throw InputError(path_, kind, system_message(errno));
  if (!S_ISREG(status.st_mode)) throw InputError(path_, kind, "a folder or a device", "check the path");
  size_ = static_cast<std::size_t>(status.st_size);
}

void OpenFile::read(std::size_t offset, std::span<std::uint8_t> to) const {
  constexpr std::size_t kLargestTransfer = std::size_t{1} << 30;  // Linux moves at most 2 GiB - 4 KiB per call
  for (std::size_t done = 0; done < to.size();) {
    const std::size_t count = std::min(to.size() - done, kLargestTransfer);
    const ssize_t moved = ::pread(*descriptor_, to.data() + done, count, static_cast<off_t>(offset + done));
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0) throw SystemError(path_ + ": cannot read: " + system_message(errno));
    if (moved == 0) {
      throw InputError(path_ + ": offset " + std::to_string(offset + done), std::to_string(to.size() - done) + " more bytes",
                       "the end of the file", "it was truncated while it was read; read it again when it is complete");
    }
    done += static_cast<std::size_t>(moved);
  }
}

std::vector<std::uint8_t> OpenFile::bytes(std::size_t offset, std::size_t count) const {
  std::vector<std::uint8_t> bytes(offset < size_ ? std::min(count, size_ - offset) : 0);
  read(offset, bytes);
  return bytes;
}

}  // namespace fovea
