// `fovea train` from outside: what it writes, what it survives.

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/random.h>
#include <fovea/config/value.h>

#include "program.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using testing::HasSubstr;

class TrainProgram : public testing::Test {
 protected:
  TrainProgram() {
    write_tiny_mnist(folder_.path("data"));
    folder_.write("tiny.yaml", tiny_config(folder_.path("data")));
  }

  Finished run(const std::vector<std::string>& arguments, std::size_t limit_file_bytes = 0) const {
    return run_fovea(folder_.path(), arguments, limit_file_bytes);
  }
  std::string model(const std::string& run) const { return file_text(folder_.path(run + "/model.safetensors")); }

  TemporaryDirectory folder_;
};

TEST_F(TrainProgram, WritesTheRunDirectoryOfTheContract) {
  const Finished finished = run({"train", "tiny.yaml", "--json"});
  ASSERT_EQ(finished.code, 0) << finished.error;
  const Json summary = Json::parse(finished.out);
  for (const char* key : {"run", "epochs", "seconds", "images_per_second", "parameters", "macs", "best", "test"}) {
    EXPECT_TRUE(summary.contains(key)) << key;
  }
  EXPECT_EQ(summary["run"], "runs/tiny");
  EXPECT_EQ(summary["epochs"], 3);
  EXPECT_TRUE(summary["best"].contains("val_top1"));
  EXPECT_TRUE(summary["test"].contains("loss"));
  EXPECT_EQ(Json::parse(file_text(folder_.path("runs/tiny/summary.json"))), summary);
  for (const char* file : {"config.yaml", "metrics.jsonl", "checkpoint.ckpt", "model.safetensors", "confusion_test.csv"}) {
    EXPECT_TRUE(std::filesystem::exists(folder_.path(std::string("runs/tiny/") + file))) << file;
  }
  EXPECT_THAT(finished.error, HasSubstr("epoch 3/3"));

  // The resolved configuration trains the same network.
  const Finished again = run({"train", "runs/tiny/config.yaml", "--out", "again", "--quiet"});
  ASSERT_EQ(again.code, 0) << again.error;
  EXPECT_EQ(again.error, "");
  EXPECT_EQ(model("again"), model("runs/tiny"));
}

TEST_F(TrainProgram, ThreadsDoNotChangeTheModel) {
  for (const char* threads : {"1", "2", "3"}) {
    ASSERT_EQ(run({"train", "tiny.yaml", "--out", threads, "--threads", threads, "--quiet"}).code, 0);
  }
  EXPECT_EQ(model("1"), model("2"));
  EXPECT_EQ(model("1"), model("3"));
}

TEST_F(TrainProgram, SeedChangesTheModel) {
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "a", "--quiet", "--set", "train.epochs=1"}).code, 0);
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "b", "--quiet", "--set", "train.epochs=1", "--seed", "7"}).code, 0);
  EXPECT_NE(model("a"), model("b"));
}

TEST_F(TrainProgram, KilledAtRandomMomentsAndResumedGivesTheSameBytes) {
  const std::vector<std::string> options{"--set", "train.checkpoint_seconds=0.001", "--set", "train.epochs=12", "--quiet"};
  const auto train = [&](const std::string& out, bool resume) {
    std::vector<std::string> arguments{"train", "tiny.yaml", "--out", out};
    arguments.insert(arguments.end(), options.begin(), options.end());
    if (resume) arguments.push_back("--resume");
    return arguments;
  };
  ASSERT_EQ(run(train("straight", false)).code, 0);
  RandomStream random(static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()),
                      Purpose::test);
  int kills = 0;
  for (int attempt = 0; attempt < 40; ++attempt) {
    Program program(folder_.path(), train("killed", /*resume=*/true));  // without a checkpoint --resume starts afresh
    std::this_thread::sleep_for(std::chrono::milliseconds(500 + random.below(1500)));
    program.send(SIGKILL);
    const int code = program.wait().code;
    if (code == 0) break;
    ASSERT_EQ(code, 128 + SIGKILL);
    ++kills;
    if (kills == 4) break;
  }
  ASSERT_EQ(run(train("killed", true)).code, 0);
  EXPECT_GT(kills, 0);
  EXPECT_EQ(model("killed"), model("straight")) << "after " << kills << " kills";
}

TEST_F(TrainProgram, InterruptSavesAndExits130) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const std::string out = "stopped" + std::to_string(signal);
    Program program(folder_.path(), {"train", "tiny.yaml", "--out", out, "--set", "train.epochs=10000"});
    while (file_text(folder_.path(out + "/metrics.jsonl")).empty())
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    program.send(signal);
    const Finished finished = program.wait();
    EXPECT_EQ(finished.code, 130);
    EXPECT_THAT(finished.error, HasSubstr("--resume"));
    EXPECT_TRUE(std::filesystem::exists(folder_.path(out + "/checkpoint.ckpt")));
  }
}

TEST_F(TrainProgram, ExistingRunNeedsResume) {
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "run", "--quiet", "--set", "train.epochs=1"}).code, 0);
  const Finished again = run({"train", "tiny.yaml", "--out", "run"});
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.error, HasSubstr("--resume"));
  const Finished changed =
      run({"train", "tiny.yaml", "--out", "run", "--resume", "--set", "train.epochs=1", "--set", "model.width=8"});
  EXPECT_EQ(changed.code, 2);
  EXPECT_THAT(changed.error, HasSubstr("model.width: 4 there, 8 here"));
}

TEST_F(TrainProgram, FullDiskKeepsTheOldCheckpoint) {
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "run", "--quiet", "--set", "train.epochs=1"}).code, 0);
  // The same run with more epochs to go: its checkpoint is that of a longer training, stopped after one epoch.
  Program program(folder_.path(), {"train", "tiny.yaml", "--out", "long", "--quiet", "--set", "train.epochs=10000"});
  while (file_text(folder_.path("long/metrics.jsonl")).empty()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  program.send(SIGINT);
  ASSERT_EQ(program.wait().code, 130);
  const std::string before = file_text(folder_.path("long/checkpoint.ckpt"));
  const Finished full =
      run({"train", "tiny.yaml", "--out", "long", "--quiet", "--resume", "--set", "train.epochs=10000"}, 4096);
  EXPECT_EQ(full.code, 1);
  EXPECT_THAT(full.error, testing::AllOf(testing::StartsWith("fovea: error: long/"), HasSubstr("cannot write")));
  EXPECT_EQ(file_text(folder_.path("long/checkpoint.ckpt")), before);
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path("long"))) {
    EXPECT_THAT(entry.path().filename().string(), testing::Not(HasSubstr("tmp"))) << "a temporary file was left";
  }
}

TEST_F(TrainProgram, PrintConfigShowsEveryKeyAndTrainsNothing) {
  const Finished finished = run({"train", "tiny.yaml", "--print-config", "--set", "model.attention.reduction_ratio=4"});
  ASSERT_EQ(finished.code, 0) << finished.error;
  EXPECT_THAT(finished.out,
              testing::AllOf(HasSubstr("label_smoothing: 0"), HasSubstr("reduction_ratio: 4"), HasSubstr("momentum: 0.9")));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("runs")));
}

}  // namespace
}  // namespace fovea
