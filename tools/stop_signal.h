#pragma once

namespace fovea {

/// While it lives, SIGINT, SIGTERM and SIGHUP (a closed terminal) request a stop instead of ending the program; a second one
/// ends it at once.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  bool requested() const;
};

}  // namespace fovea
