#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace fovea {

/// Thread pool for numbered tasks. The assignment of tasks to threads is undefined, so a task must depend on its number
/// alone.
class ThreadTeam {
 public:
  /// @param threads at least 1. @param prepare runs once on each thread before its first task; must not throw.
  /// @throws InputError for fewer threads; SystemError when the system starts no more.
  explicit ThreadTeam(int threads, const std::function<void()>& prepare = {});
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  /// Runs task(0) ... task(count - 1) and waits for all. When tasks throw, the exception of the lowest number is rethrown.
  void run(std::int64_t count, const std::function<void(std::int64_t)>& task);

  int threads() const;

 private:
  void stop();

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fovea
