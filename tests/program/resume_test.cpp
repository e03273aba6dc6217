// `fovea train` that is stopped, killed, started twice or out of disk space, and resumed.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/random.h>

#include "program_fixture.h"
#include "wait_for.h"

namespace fovea {
namespace {

using testing::HasSubstr;

class ResumeProgram : public FreshProgramTest {
 protected:
  ResumeProgram() { write_tiny_experiment(); }

  /// Waits until `program` has written a file.
  static testing::AssertionResult wait_for_file(const std::string& name, const Program& program) {
    return wait_for(
        name, [&] { return !text(name).empty(); }, [&] { return program.messages(); });
  }
};

/// Every training option with random draws or state of its own.
const std::vector<std::string> kEverything = {
    "data.sampler=balanced",
    "data.augment={pad_crop: 1, erasing: 0.5, cutmix: 0.5}",
    "model.dropout=0.2",
    "model.stochastic_depth=0.2",
    "train.batch_size=32",
    "train.accumulate=2",
    "train.optimizer={name: rmsprop, learning_rate: 0.01, momentum: 0.9, centered: true}",
    "train.schedule={name: plateau, patience: 2, gamma: 0.5}",
    "train.class_weights=[1, 1, 2, 1, 1, 1, 1, 1, 1, 3]",
    "train.clip_norm=1",
    "train.ema_decay=0.95",
    "train.early_stopping_epochs=29",
    "train.init={weights: runs/tiny, head: keep}",
    "train.freeze=[conv1, bn1]",
    "train.layer_rates=[{layers: fc, multiplier: 2}]"};

class KilledProgram : public ResumeProgram, public testing::WithParamInterface<bool> {};

TEST_P(KilledProgram, AtRandomMomentsAndResumedGivesTheSameBytes) {
  std::vector<std::string> options{"--set", "train.checkpoint_seconds=0.001", "--set", "train.epochs=30", "--quiet"};
  if (GetParam()) {
    ASSERT_EQ(run({"train", "tiny.yaml", "--quiet"}).code, 0);
    for (const std::string& setting : kEverything) options.insert(options.end(), {"--set", setting});
  }
  const auto train = [&](const std::string& out, bool resume) {
    std::vector<std::string> arguments{"train", "tiny.yaml", "--out", out};
    arguments.insert(arguments.end(), options.begin(), options.end());
    if (resume) arguments.push_back("--resume");
    return arguments;
  };
  ASSERT_EQ(run(train("straight", false)).code, 0);
  RandomStream random(1, Purpose::test);
  int kills = 0;
  const auto checkpoint = path("killed/checkpoint.ckpt");
  for (int start = 0; start < 4; ++start) {
    Program program(path(), train("killed", /*resume=*/true));  // without a checkpoint --resume starts afresh
    const auto started = std::filesystem::file_time_type::clock::now();
    const auto newer = [&] {
      std::error_code none_yet;
      return std::filesystem::last_write_time(checkpoint, none_yet) >= started;
    };
    ASSERT_TRUE(wait_for("a new checkpoint", newer, [&] { return program.messages(); }));
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(150)));
    program.send(SIGKILL);
    const Finished finished = program.wait();
    if (finished.code == 0) break;  // a fast machine may come to the end before the last kill
    ASSERT_EQ(finished.code, 128 + SIGKILL) << finished.error;
    ++kills;
  }
  EXPECT_GT(kills, 0);
  ASSERT_EQ(run(train("killed", true)).code, 0);
  EXPECT_EQ(model_bytes("killed"), model_bytes("straight"));
  for (const auto& entry : std::filesystem::directory_iterator(path("killed"))) {
    EXPECT_THAT(entry.path().filename().string(), testing::Not(HasSubstr(".tmp"))) << "resuming clears up after kills";
  }
}

INSTANTIATE_TEST_SUITE_P(Configurations, KilledProgram, testing::Bool(),
                         [](const auto& everything) { return everything.param ? "Everything" : "Plain"; });

TEST_F(ResumeProgram, InterruptSavesAndExits130) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const std::string out = "stopped" + std::to_string(signal);
    Program program(path(), {"train", "tiny.yaml", "--out", out, "--set", "train.epochs=10000"});
    ASSERT_TRUE(wait_for_file(out + "/metrics.jsonl", program));
    program.send(signal);
    const Finished finished = program.wait();
    EXPECT_EQ(finished.code, 130);
    EXPECT_THAT(finished.error, HasSubstr("--resume"));
    EXPECT_TRUE(exists(out + "/checkpoint.ckpt"));
  }
}

TEST_F(ResumeProgram, ResumeRestoresWhatWasLost) {
  const std::vector<std::string> resume{"train", "tiny.yaml", "--out", "run", "--quiet", "--resume"};
  ASSERT_EQ(run(resume).code, 0);
  const std::string before = model_bytes("run");
  std::filesystem::remove(path("run/model.safetensors"));
  ASSERT_EQ(run(resume).code, 0);
  EXPECT_EQ(model_bytes("run"), before);
}

TEST_F(ResumeProgram, AFinishedRunWithoutItsCheckpointStays) {
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "run", "--quiet"}).code, 0);
  const std::string before = model_bytes("run");
  std::filesystem::remove(path("run/checkpoint.ckpt"));  // a user who needs the space
  for (const char* setting : {"seed=42", "model.width=8"}) {
    EXPECT_THAT(refusal({"train", "tiny.yaml", "--out", "run", "--resume", "--set", setting}),
                HasSubstr("run: expected a run with checkpoint.ckpt, got model.safetensors, which this run would replace; "
                          "choose another output folder"));
  }
  EXPECT_EQ(model_bytes("run"), before);
  EXPECT_TRUE(exists("run/summary.json"));
}

TEST_F(ResumeProgram, FilesOfOthersAreNeverReplaced) {
  for (const std::string name : {"model.safetensors", "config.yaml", "summary.json", "confusion_test.csv", "curves.png"}) {
    write("mine/" + name, "mine");
    for (const char* option : {"--quiet", "--resume"}) {
      const std::string error = refusal({"train", "tiny.yaml", "--out", "mine", option});
      EXPECT_THAT(error, HasSubstr("got " + name + ", which this run would replace; choose another output folder"));
      EXPECT_THAT(error, testing::Not(HasSubstr("resume it")));
    }
    EXPECT_EQ(text("mine/" + name), "mine");
    std::filesystem::remove_all(path("mine"));
  }
}

TEST_F(ResumeProgram, AnEmptyOutIsAnError) {
  for (const char* option : {"--out", "--set", "--device", "--preview"}) {
    EXPECT_THAT(refusal({"train", "tiny.yaml", option, ""}),
                HasSubstr(std::string(option) + ": expected a value, got an empty text; "));
  }
  EXPECT_FALSE(exists("runs"));
}

TEST_F(ResumeProgram, TheStopMessageIsTheCommandThatResumes) {
  const std::vector<std::string> settings{"--set", "train.epochs=40", "--set", "model.width=8", "--seed", "7"};
  const auto train = [&](const std::string& out) {
    std::vector<std::string> arguments{"train", "tiny.yaml", "--out", out};
    arguments.insert(arguments.end(), settings.begin(), settings.end());
    return arguments;
  };
  ASSERT_EQ(run(train("straight")).code, 0);
  Program program(path(), train("it's stopped"));
  ASSERT_TRUE(wait_for_file("it's stopped/metrics.jsonl", program));
  program.send(SIGTERM);
  const Finished stopped = program.wait();
  ASSERT_EQ(stopped.code, 130);
  EXPECT_THAT(stopped.error, HasSubstr(R"(continue with: fovea train 'it'\''s stopped' --resume)"));
  ASSERT_EQ(run({"train", "it's stopped/", "--resume"}).code, 0);
  EXPECT_EQ(model_bytes("it's stopped"), model_bytes("straight"));
}

TEST_F(ResumeProgram, ARunsConfigFileMeansTheRun) {
  const std::vector<std::string> start{"train", "tiny.yaml", "--out", "run", "--quiet", "--set", "train.epochs=2"};
  ASSERT_EQ(run(start).code, 0);
  const std::string before = model_bytes("run");
  const Finished resumed = run({"train", "run/config.yaml", "--resume"});
  EXPECT_EQ(resumed.code, 0) << resumed.error;
  EXPECT_THAT(resumed.error, HasSubstr("run is trained already; to train its weights further, start another run with "
                                       "train.init: {weights: run, head: keep}"));
  EXPECT_THAT(refusal({"train", "run/config.yaml"}), HasSubstr("run: expected a folder without a run"));
  EXPECT_THAT(refusal({"train", "run"}), HasSubstr("got one that contains a run; resume it"));
  EXPECT_EQ(model_bytes("run"), before);
  EXPECT_FALSE(exists("runs"));
  ASSERT_EQ(run({"train", "run", "--out", "again", "--quiet"}).code, 0);  // the same settings, from the beginning
  EXPECT_EQ(model_bytes("again"), before);
  EXPECT_THAT(refusal({"train", "data", "--resume"}), HasSubstr("data: expected a configuration file or a run directory"));
}

TEST_F(ResumeProgram, ResumeThatFindsNoRunSaysSo) {
  const Finished finished = run({"train", "tiny.yaml", "--resume", "--set", "train.epochs=1"});
  EXPECT_EQ(finished.code, 0) << finished.error;
  EXPECT_THAT(finished.error, HasSubstr("no checkpoint in runs/tiny: training from the beginning"));
}

TEST_F(ResumeProgram, MoreEpochsAreAnotherRunThatStartsFromTheWeights) {
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "run", "--quiet", "--set", "train.epochs=1"}).code, 0);
  EXPECT_THAT(refusal({"train", "run", "--resume", "--set", "train.epochs=2"}),
              testing::AllOf(HasSubstr("train.epochs: 1 there, 2 here; "),
                             HasSubstr("start another run with train.init: {weights: run, head: keep}")));
  EXPECT_EQ(run({"train", "run", "--out", "more", "--quiet", "--set", "train.init={weights: run, head: keep}"}).code, 0);
}

TEST_F(ResumeProgram, OtherPixelsAreAnotherRun) {
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "run", "--quiet"}).code, 0);
  std::filesystem::copy(path("data"), path("other"));
  std::string pixels = text("other/train-images-idx3-ubyte");
  for (std::size_t i = 16; i < pixels.size(); ++i) pixels[i] = static_cast<char>(~pixels[i]);
  write("other/train-images-idx3-ubyte", pixels);
  const Finished resumed = run({"train", "tiny.yaml", "--out", "run", "--resume", "--set", "data.root=" + path("other")});
  EXPECT_EQ(resumed.code, 2);
  EXPECT_THAT(resumed.error, HasSubstr("expected the images that the run began with, got as many, some of them with "));
}

TEST_F(ResumeProgram, TwoProcessesDoNotTrainInOneFolder) {
  Program first(path(), {"train", "tiny.yaml", "--out", "run", "--quiet", "--set", "train.epochs=10000"});
  ASSERT_TRUE(wait_for_file("run/metrics.jsonl", first));
  const Finished second = run({"train", "tiny.yaml", "--out", "run", "--resume", "--set", "train.epochs=10000"});
  EXPECT_EQ(second.code, 2);
  EXPECT_THAT(second.error, HasSubstr("run: expected a folder that no other process writes to"));
  first.send(SIGTERM);
  EXPECT_EQ(first.wait().code, 130);
}

TEST_F(ResumeProgram, ExistingRunNeedsResume) {
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "run", "--quiet", "--set", "train.epochs=1"}).code, 0);
  const Finished again = run({"train", "tiny.yaml", "--out", "run"});
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.error, HasSubstr("got one that contains a run; resume it"));
  const Finished changed =
      run({"train", "tiny.yaml", "--out", "run", "--resume", "--set", "train.epochs=1", "--set", "model.width=8"});
  EXPECT_EQ(changed.code, 2);
  EXPECT_THAT(changed.error, HasSubstr("model.width: 4 there, 8 here"));
}

TEST_F(ResumeProgram, OneOtherTrainingImageIsNoticedAndAnotherTestImageIsNot) {
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "run", "--quiet", "--set", "train.epochs=1"}).code, 0);
  const std::vector<std::string> resume{"train", "run", "--resume", "--quiet"};
  const auto change_last_pixel = [](const std::string& file) {
    std::string bytes = text(file);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    write(file, bytes);
  };
  change_last_pixel("data/t10k-images-idx3-ubyte");
  EXPECT_EQ(run(resume).code, 0);
  change_last_pixel("data/train-images-idx3-ubyte");
  EXPECT_THAT(refusal(resume), HasSubstr("expected the images that the run began with"));
}

TEST_F(ResumeProgram, ADamagedLineOfMetricsIsSaid) {
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "run", "--quiet"}).code, 0);
  const std::string metrics = text("run/metrics.jsonl");
  write("run/metrics.jsonl", metrics.substr(0, metrics.size() - 20));
  const Finished resumed = run({"train", "run", "--resume", "--quiet"});
  EXPECT_EQ(resumed.code, 0);
  EXPECT_THAT(resumed.error,
              HasSubstr("run/metrics.jsonl: expected a line for each of 3 epochs, got 1 damaged or missing; "));
}

TEST_F(ResumeProgram, FullDiskKeepsTheOldCheckpoint) {
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "run", "--quiet", "--set", "train.epochs=1"}).code, 0);
  // The same run with more epochs to go: its checkpoint is that of a longer training, stopped after one epoch.
  Program program(path(), {"train", "tiny.yaml", "--out", "long", "--quiet", "--set", "train.epochs=10000"});
  ASSERT_TRUE(wait_for_file("long/metrics.jsonl", program));
  program.send(SIGINT);
  ASSERT_EQ(program.wait().code, 130);
  const std::string before = text("long/checkpoint.ckpt");
  const Finished full = run({"train", "tiny.yaml", "--out", "long", "--quiet", "--resume", "--set", "train.epochs=10000"},
                            {.file_bytes = 4096});
  EXPECT_EQ(full.code, 1);
  EXPECT_THAT(full.error, testing::AllOf(testing::StartsWith("fovea: error: long/"),
                                         HasSubstr("cannot write: File too large; raise the limit of file sizes")));
  EXPECT_EQ(std::count(full.error.begin(), full.error.end(), '\n'), 1) << full.error;
  EXPECT_EQ(text("long/checkpoint.ckpt"), before);
  for (const auto& entry : std::filesystem::directory_iterator(path("long"))) {
    EXPECT_THAT(entry.path().filename().string(), testing::Not(HasSubstr("tmp"))) << "a temporary file was left";
  }
}

}  // namespace
}  // namespace fovea
