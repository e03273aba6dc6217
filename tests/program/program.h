#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace fovea {

/// Result of a finished process.
struct Finished {
  int code = 0;  ///< exit code, or 128 + signal as a shell counts it
  std::string out;
  std::string error;
  std::int64_t peak_kibibytes = 0;  ///< largest resident memory
};

/// Limits of a process; 0 = none.
struct Limits {
  std::size_t file_bytes = 0;    ///< largest file it may write, as on a full disk
  std::size_t memory_bytes = 0;  ///< address space, as on a small machine
};

/// A running `fovea`, as a user starts it.
class Program {
 public:
  /// @param folder the working directory.
  Program(const std::string& folder, const std::vector<std::string>& arguments, const Limits& limits = {});
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void send(int signal) const;
  /// Its stderr until now.
  std::string messages() const;
  Finished wait();

 private:
  pid_t process_ = 0;
  std::string out_;
  std::string error_;
};

/// Runs to the end.
Finished run_fovea(const std::string& folder, const std::vector<std::string>& arguments, const Limits& limits = {});

/// Writes a data set in MNIST's files: `images` training and as many test images of 8 x 8 pixels in ten classes, each a
/// bright pixel block at its own position.
void write_tiny_mnist(const std::string& folder, std::uint32_t images = 240);

/// A configuration of a small network on that data set. @param more lines appended to the file.
std::string tiny_config(const std::string& data_folder, const std::string& more = "");

}  // namespace fovea
