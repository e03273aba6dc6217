#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace fovea {

/// Result of a finished command.
struct ScriptResult {
  int code = 0;          ///< exit code, or 128 + signal as a shell counts it
  std::string messages;  ///< its standard output and standard error
};

/// Options of starting a command.
struct ScriptCommand {
  std::vector<std::string> words;        ///< the program's path and its arguments
  std::vector<std::string> environment;  ///< "NAME=value"; nothing else is passed on
  std::string folder;                    ///< the working folder
  std::string log;                       ///< the file to which it writes its messages
};

/// A running command, in a process group of its own.
class ScriptRun {
 public:
  explicit ScriptRun(const ScriptCommand& command);
  ~ScriptRun();
  ScriptRun(const ScriptRun&) = delete;
  ScriptRun& operator=(const ScriptRun&) = delete;

  /// SIGINT, as Ctrl-C sends it in a terminal.
  void interrupt() const;

  /// Output so far.
  std::string messages() const;

  ScriptResult wait();

 private:
  pid_t process_ = 0;
  std::string log_;
};

}  // namespace fovea
