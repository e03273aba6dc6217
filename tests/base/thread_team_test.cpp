#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/base/thread_team.h>

#include "memory_limit.h"

namespace fovea {
namespace {

using ::testing::Each;
using ::testing::StartsWith;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

std::vector<int> runs_per_task(ThreadTeam& team, std::int64_t count) {
  std::vector<std::atomic<int>> runs(static_cast<std::size_t>(count));
  team.run(count, [&](std::int64_t number) { ++runs.at(static_cast<std::size_t>(number)); });
  return {runs.begin(), runs.end()};
}

TEST(ThreadTeamTest, RunsEveryTaskOnce) {
  for (const int threads : {1, 2, 5}) {
    ThreadTeam team(threads);
    EXPECT_EQ(team.threads(), threads);
    for (const std::int64_t count : {1, 3, 1000}) {
      const auto runs = runs_per_task(team, count);
      EXPECT_EQ(runs.size(), static_cast<std::size_t>(count));
      EXPECT_THAT(runs, Each(1)) << threads << " threads";
    }
  }
}

TEST(ThreadTeamTest, ManyShortRunsInARow) {
  ThreadTeam team(3);
  std::atomic<std::int64_t> sum = 0;
  for (int round = 0; round < 2000; ++round) {
    team.run(2, [&](std::int64_t number) { sum += number + 1; });
    ASSERT_EQ(sum, 3 * (round + 1));  // run() returned after both tasks
  }
}

TEST(ThreadTeamTest, ATeamWithoutThreadsIsRefused) {
  for (const int threads : {0, -1}) {
    EXPECT_THAT([&] { ThreadTeam team(threads); },
                ThrowsMessage<InputError>(StrEq("ThreadTeam: expected at least 1 thread, got " + std::to_string(threads))));
  }
}

TEST(ThreadTeamTest, AThreadThatCannotStartIsASystemError) {
  if (!MemoryLimit::is_possible()) GTEST_SKIP() << "a sanitizer maps memory of its own";
  const MemoryLimit limit(64 << 20);
  EXPECT_THAT([] { ThreadTeam team(1000); }, ThrowsMessage<SystemError>(StartsWith("cannot start 1000 threads: ")));
}

TEST(ThreadTeamTest, ZeroTasksRunNothing) {
  ThreadTeam team(2);
  team.run(0, [](std::int64_t) { FAIL() << "no task was asked for"; });
  EXPECT_THAT(runs_per_task(team, 4), Each(1));
}

TEST(ThreadTeamTest, TasksRunBesideEachOther) {
  // Each task waits for the other; one thread alone would time out.
  ThreadTeam team(2);
  std::vector<std::promise<void>> arrived(2);
  std::vector<std::future_status> met(2, std::future_status::deferred);
  team.run(2, [&](std::int64_t number) {
    const auto own = static_cast<std::size_t>(number);
    arrived[own].set_value();
    met[own] = arrived[1 - own].get_future().wait_for(std::chrono::seconds(20));
  });
  EXPECT_THAT(met, Each(std::future_status::ready));
}

TEST(ThreadTeamTest, RethrowsTheExceptionOfTheLowestTask) {
  ThreadTeam team(2);
  std::promise<void> thrown;
  std::shared_future<void> later_task_threw = thrown.get_future().share();
  std::atomic<int> runs = 0;
  const auto task = [&](std::int64_t number) {
    ++runs;
    if (number == 1) {
      later_task_threw.wait();  // so that a lower number throws after a higher one
      throw std::runtime_error("task 1");
    }
    if (number == 5) {
      thrown.set_value();
      throw std::runtime_error("task 5");
    }
    if (number > 5) throw std::runtime_error("task " + std::to_string(number));
  };
  EXPECT_THAT([&] { team.run(10, task); }, ThrowsMessage<std::runtime_error>(StrEq("task 1")));
  EXPECT_EQ(runs, 10);  // the other tasks ran all the same
}

TEST(ThreadTeamTest, WorksOnAfterAnException) {
  ThreadTeam team(3);
  for (int round = 0; round < 3; ++round) {
    EXPECT_THROW(team.run(7, [](std::int64_t) { throw std::logic_error("stop"); }), std::logic_error);
    EXPECT_THAT(runs_per_task(team, 20), Each(1));
  }
}

TEST(ThreadTeamTest, PreparesEachThreadOnceBeforeItsTasks) {
  static thread_local int times_prepared = 0;
  std::mutex mutex;
  std::multiset<std::thread::id> prepared;
  {
    ThreadTeam team(3, [&] {
      ++times_prepared;
      const std::lock_guard lock(mutex);
      prepared.insert(std::this_thread::get_id());
    });
    for (int round = 0; round < 5; ++round) {
      std::vector<int> seen(50);
      team.run(50, [&](std::int64_t number) { seen[static_cast<std::size_t>(number)] = times_prepared; });
      EXPECT_THAT(seen, Each(1));
    }
  }
  EXPECT_EQ(prepared.size(), 3U);
  EXPECT_EQ(std::set(prepared.begin(), prepared.end()).size(), 3U);
  EXPECT_EQ(times_prepared, 0);  // not in the thread that owns the team
}

TEST(ThreadTeamTest, EndsWithoutWork) {
  for (int round = 0; round < 100; ++round) EXPECT_EQ(ThreadTeam(4).threads(), 4);
}

}  // namespace
}  // namespace fovea
