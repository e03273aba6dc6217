#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/file.h>

namespace fovea {
namespace {

constexpr std::size_t kReadStep = std::size_t{1} << 16;
constexpr std::size_t kLargestTransfer = std::size_t{1} << 30;  // Linux moves at most 2 GiB - 4 KiB per call

/// Repeats a system call that was interrupted by a signal.
template <typename Call>
auto retry_interrupted(const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// Owner of a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  int number() const { return number_; }

  /// False when the system reports an error of an earlier write (errno is set).
  bool close() {
    const int number = std::exchange(number_, -1);
    // An interrupted close() has closed the descriptor; a second one could close another thread's file.
    return number < 0 || ::close(number) == 0 || errno == EINTR;
  }

 private:
  int number_;
};

std::string write_advice(int error_number) {
  switch (error_number) {
    case EFBIG:
      return "raise the limit of file sizes (ulimit -f); an older file of that name is untouched";
    case ENOSPC:
    case EDQUOT:
      return "free some space; an older file of that name is untouched";
    case ENOENT:
    case ENOTDIR:
      return "create its folder first";
    case EACCES:
    case EPERM:
    case EROFS:
      return "choose a folder you may write to";
    default:
      return "an older file of that name is untouched";
  }
}

[[noreturn]] void throw_cannot_write(const std::string& path, int error_number) {
  throw SystemError(path + ": cannot write: " + system_message(error_number) + "; " + write_advice(error_number));
}

[[noreturn]] void throw_too_long(const std::string& path, std::size_t max_bytes, const std::string& got) {
  throw InputError(path, "at most " + std::to_string(max_bytes) + " bytes", got, "check that it is the right file");
}

std::string parent_folder(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

/// Time at which a process began, in the kernel's ticks since the machine did; 0 when unknown. With the number of the
/// process it tells processes apart: every program in a container may be number 1.
std::uint64_t start_time(const std::string& process) {
  constexpr int kFieldsBetween = 19;  // man proc: 22 is the start time, and 2 the name, in parentheses
  std::ifstream file("/proc/" + process + "/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int i = 0; i < kFieldsBetween; ++i) fields >> skipped;
  std::uint64_t time = 0;
  fields >> time;
  return time;
}

/// False for a process that has ended, also when another one has its number now.
bool is_running(long process, std::uint64_t started) {
  if (process <= 0) return true;
  if (::kill(static_cast<pid_t>(process), 0) != 0 && errno == ESRCH) return false;
  const std::uint64_t actual = start_time(std::to_string(process));
  return actual == 0 || actual == started;
}

/// A temporary file beside `target`. It is removed unless it replaces the target.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& target) : target_(target), descriptor_(create()) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!renamed_) ::unlink(path_.c_str());
  }

  int descriptor() const { return descriptor_.number(); }

  void become_target() {
    if (retry_interrupted([this] { return ::fsync(descriptor_.number()); }) != 0) throw_cannot_write(target_, errno);
    if (!descriptor_.close()) throw_cannot_write(target_, errno);
    if (::rename(path_.c_str(), target_.c_str()) != 0) throw_cannot_write(target_, errno);
    renamed_ = true;
    flush_folder();
  }

 private:
  int create() {
    static std::atomic<std::uint64_t> counter{0};
    const std::string process = std::to_string(::getpid()) + "-" + std::to_string(start_time("self"));
    while (true) {
      const std::string name = ".fovea-" + process + "-" + std::to_string(counter++) + ".tmp";
      path_ = (std::filesystem::path(parent_folder(target_)) / name).string();
      const int number = retry_interrupted(
          [this] { return ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); });  // less the umask
      if (number >= 0) return number;
      if (errno != EEXIST) throw_cannot_write(target_, errno);  // EEXIST: left by a killed process of the same id
    }
  }

  /// Makes the rename itself survive a power cut. File systems that cannot flush a folder report EINVAL.
  void flush_folder() {
    const Descriptor folder(
        retry_interrupted([this] { return ::open(parent_folder(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
    if (folder.number() < 0) return;  // a folder may be writable and not readable
    if (retry_interrupted([&] { return ::fsync(folder.number()); }) != 0 && errno != EINVAL) {
      throw SystemError(target_ + ": written, but its folder cannot be flushed: " + system_message(errno) +
                        "; check the disk before you rely on the file");
    }
  }

  std::string target_;
  std::string path_;
  Descriptor descriptor_;
  bool renamed_ = false;
};

}  // namespace

std::vector<std::uint8_t> read_file(const std::string& path, std::size_t max_bytes) {
  const Descriptor file(retry_interrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  struct stat status {};
  if (file.number() < 0 || ::fstat(file.number(), &status) != 0) {
    throw InputError(path, "a readable file", system_message(errno), "check the path");
  }
  if (S_ISDIR(status.st_mode)) throw InputError(path, "a file", "a folder", "name a file inside it");
  const auto announced = static_cast<std::size_t>(status.st_size);
  if (announced > max_bytes) throw_too_long(path, max_bytes, std::to_string(announced));

  std::vector<std::uint8_t> bytes(announced + 1);  // one more than expected, so that the end is seen without growing
  std::size_t filled = 0;
  while (true) {
    if (filled == bytes.size()) bytes.resize(std::max(2 * filled, kReadStep));
    const std::size_t room = std::min(bytes.size() - filled, kLargestTransfer);
    const ssize_t count = retry_interrupted([&] { return ::read(file.number(), bytes.data() + filled, room); });
    if (count < 0) throw InputError(path, "a readable file", system_message(errno), "check the disk");
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
    if (filled > max_bytes) throw_too_long(path, max_bytes, "more");
  }
  bytes.resize(filled);
  return bytes;
}

void FileWriter::write(const void* data, std::size_t size) {
  const char* next = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t count = retry_interrupted([&] { return ::write(descriptor_, next, std::min(size, kLargestTransfer)); });
    if (count < 0) throw_cannot_write(path_, errno);
    next += count;
    size -= static_cast<std::size_t>(count);
  }
}

void write_file_atomically(const std::string& path, const std::function<void(FileWriter&)>& write) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    throw InputError(path, "the name of a file to write", S_ISDIR(status.st_mode) ? "a folder" : "a device or pipe",
                     "choose another name");
  }
  TemporaryFile file(path);
  FileWriter writer(file.descriptor(), path);
  write(writer);
  file.become_target();
}

void write_file_atomically(const std::string& path, std::string_view contents) {
  write_file_atomically(path, [contents](FileWriter& file) { file.write(contents); });
}

bool is_within(const std::filesystem::path& path, const std::filesystem::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

void make_directories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error)
    throw SystemError(path + ": cannot create the folder: " + error.message() + "; choose a folder you may write to");
}

void remove_stale_temporary_files(const std::string& folder) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    long process = 0;
    unsigned long long started = 0;
    const std::string name = entry.path().filename().string();
    const bool ours = std::sscanf(name.c_str(), ".fovea-%ld-%llu-", &process, &started) == 2 && name.ends_with(".tmp");
    if (ours && !is_running(process, started)) std::filesystem::remove(entry.path(), ignored);
  }
}

}  // namespace fovea
