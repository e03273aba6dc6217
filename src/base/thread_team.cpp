#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/base/thread_team.h>

namespace fovea {

struct ThreadTeam::State {
  std::mutex mutex;
  std::condition_variable work_ready;
  std::condition_variable work_done;
  const std::function<void(std::int64_t)>* task = nullptr;
  std::int64_t next = 0;
  std::int64_t count = 0;
  std::int64_t unfinished = 0;
  std::int64_t failed_task = 0;
  std::exception_ptr failure;
  bool stopping = false;
  std::vector<std::thread> threads;

  void work(const std::function<void()>& prepare) {
    if (prepare) prepare();
    std::unique_lock lock(mutex);
    for (;;) {
      work_ready.wait(lock, [this] { return stopping || next < count; });
      if (stopping) return;
      const std::int64_t number = next++;
      const auto& current = *task;
      lock.unlock();
      std::exception_ptr thrown;
      try {
        current(number);
      } catch (...) {
        thrown = std::current_exception();
      }
      lock.lock();
      if (thrown && (!failure || number < failed_task)) {
        failure = thrown;
        failed_task = number;
      }
      if (--unfinished == 0) work_done.notify_one();
    }
  }
};

ThreadTeam::ThreadTeam(int threads, const std::function<void()>& prepare) : state_(std::make_unique<State>()) {
  if (threads < 1) throw InputError("ThreadTeam", "at least 1 thread", std::to_string(threads));
  try {
    for (int i = 0; i < threads; ++i) {
      state_->threads.emplace_back([state = state_.get(), prepare] { state->work(prepare); });
    }
  } catch (const std::system_error& error) {
    stop();
    throw SystemError("cannot start " + std::to_string(threads) + " threads: " + error.what() + "; use fewer");
  }
}

ThreadTeam::~ThreadTeam() {
  stop();
}

void ThreadTeam::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->work_ready.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

void ThreadTeam::run(std::int64_t count, const std::function<void(std::int64_t)>& task) {
  if (count <= 0) return;
  std::unique_lock lock(state_->mutex);
  state_->task = &task;
  state_->next = 0;
  state_->count = count;
  state_->unfinished = count;
  state_->work_ready.notify_all();
  state_->work_done.wait(lock, [this] { return state_->unfinished == 0; });
  state_->count = 0;
  if (auto failure = std::exchange(state_->failure, nullptr)) std::rethrow_exception(failure);
}

int ThreadTeam::threads() const {
  return static_cast<int>(state_->threads.size());
}

}  // namespace fovea
