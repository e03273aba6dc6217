#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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

/// What the process of a program is given.
struct ProgramStart {
  std::string folder;  ///< working directory
  std::vector<std::string> arguments;
  std::string out;    ///< file for its stdout
  std::string error;  ///< file for its stderr
  Limits limits;
};

/// In a process that was forked for it: files, limits and working directory. Calls only what is safe after fork.
void become(const ProgramStart& start);

/// A running `fovea`. It is started as a user starts it, or from a PreloadedProgram where the suite has one.
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
  ProgramStart start_;
  pid_t process_ = 0;
};

/// Starts the executable. @return the process.
pid_t execute(const ProgramStart& start);

/// What Program starts processes with: execute() at first.
using ProgramStarter = std::function<pid_t(const ProgramStart&)>;
/// @return the starter before.
ProgramStarter set_program_starter(ProgramStarter starter);

/// Runs to the end.
Finished run_fovea(const std::string& folder, const std::vector<std::string>& arguments, const Limits& limits = {});

/// Writes a data set in MNIST's files: `images` training and as many test images of 8 x 8 pixels in ten classes, each a
/// bright pixel block at its own position.
void write_tiny_mnist(const std::string& folder, std::uint32_t images = 240);

/// A configuration of a small network on that data set. @param more lines appended to the file.
std::string tiny_config(const std::string& data_folder, const std::string& more = "");

}  // namespace fovea
