#pragma once

namespace fovea {

/// While alive, SIGINT and SIGTERM ask the program to stop instead of ending it; a second one ends it at once.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  bool requested() const;
};

}  // namespace fovea
