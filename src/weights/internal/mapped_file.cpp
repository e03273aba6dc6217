#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fovea/base/error.h>
#include <fovea/weights/internal/mapped_file.h>

namespace fovea {

MappedFile::MappedFile(const std::string& path, const std::string& kind) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) throw InputError(path, kind, system_message(errno), "check the path");
  const auto close = [](const int* open) { ::close(*open); };
  const std::unique_ptr<const int, decltype(close)> closer(&descriptor, close);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) throw InputError(path, kind, system_message(errno));
  if (!S_ISREG(status.st_mode)) throw InputError(path, kind, "a directory or a device", "check the path");
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ == 0) return;
  void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (mapped == MAP_FAILED) throw SystemError(path + ": cannot map into memory: " + system_message(errno));
  const auto unmap = [size = size_](const std::uint8_t* start) { ::munmap(const_cast<std::uint8_t*>(start), size); };
  mapping_ = {static_cast<const std::uint8_t*>(mapped), unmap};
}

}  // namespace fovea
