#pragma once

#include <string>
#include <sys/types.h>

#include <fovea/config/config_node.h>

namespace fovea {

/// A running torchvision_peer.py: starting Python for each network would take longer than all the rest.
class PythonPeer {
 public:
  /// Starts $FOVEA_PYTHON, or /usr/bin/python3. @throws std::runtime_error when it cannot be, or lacks a package.
  PythonPeer();
  ~PythonPeer();
  PythonPeer(const PythonPeer&) = delete;
  PythonPeer& operator=(const PythonPeer&) = delete;

  /// Has a request carried out. @throws std::runtime_error with Python's reason when it is not.
  void ask(const Json& request);

 private:
  std::string read_line();  ///< empty when Python has ended
  void stop();

  int socket_ = -1;  ///< Python's standard input and output
  pid_t process_ = 0;
};

}  // namespace fovea
