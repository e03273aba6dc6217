#include "stop_signal.h"

#include <atomic>
#include <csignal>

namespace fovea {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

std::atomic<bool> signal_arrived = false;

extern "C" void request_stop(int signal) {
  signal_arrived = true;
  std::signal(signal, SIG_DFL);
}

}  // namespace

StopSignal::StopSignal() {
  signal_arrived = false;
  for (const int signal : kSignals) {
    if (std::signal(signal, request_stop) == SIG_IGN) std::signal(signal, SIG_IGN);  // as nohup and background jobs set it
  }
}

StopSignal::~StopSignal() {
  for (const int signal : kSignals) {
    if (std::signal(signal, SIG_DFL) == SIG_IGN) std::signal(signal, SIG_IGN);
  }
}

bool StopSignal::requested() const {
  return signal_arrived;
}

}  // namespace fovea
