// Warnings of a run reach its observer, and nobody after it.

#include <string>

#include <gtest/gtest.h>

#include <fovea/fovea.h>

#include "photo_program.h"

namespace fovea {
namespace {

/// Counts warnings.
struct Counter final : RunObserver {
  void warn(const std::string&) override { ++warnings; }
  int warnings = 0;
};

class UnreadablePhotos : public PhotoProgram {};

TEST_F(UnreadablePhotos, AreNoLongerReportedToTheObserverAfterTheRun) {
  write_squares("broken/train", 20, 1);
  write_squares("broken/test", 4, 1000);
  write("broken/test/right/empty.ppm", "");
  write("broken.yaml", config(path("broken")));
  const Experiment experiment = read_experiment(path("broken.yaml"), {"data.on_error=skip"});
  Counter counter;
  const TrainingReport stopped =
      train(experiment, {.out = path("stopped"), .threads = 1, .observer = &counter, .stop_requested = [] { return true; }});
  ASSERT_TRUE(stopped.interrupted);
  const int during = counter.warnings;
  const Model model = load_model(path("run"));
  EXPECT_EQ(model.evaluate(stopped.data().test()).metrics.images(), 8) << "the unreadable one is skipped";
  EXPECT_EQ(counter.warnings, during) << "the observer may be gone by now";
}

}  // namespace
}  // namespace fovea
