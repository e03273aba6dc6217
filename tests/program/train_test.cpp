// `fovea train` from outside: what it writes, what it survives.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/random.h>
#include <fovea/config/config_node.h>

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

/// Everything of training that draws, or has a state, beside the plain recipe.
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

class KilledProgram : public TrainProgram, public testing::WithParamInterface<bool> {};

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
  const auto seed = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomStream random(seed, Purpose::test);
  const auto checkpoint = folder_.path("killed/checkpoint.ckpt");
  for (int kill = 0; kill < 4; ++kill) {
    Program program(folder_.path(), train("killed", /*resume=*/true));  // without a checkpoint --resume starts afresh
    const auto started = std::filesystem::file_time_type::clock::now();
    std::error_code none_yet;
    while (std::filesystem::last_write_time(checkpoint, none_yet) < started) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(150)));
    program.send(SIGKILL);
    ASSERT_EQ(program.wait().code, 128 + SIGKILL);
  }
  ASSERT_EQ(run(train("killed", true)).code, 0);
  EXPECT_EQ(model("killed"), model("straight"));
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path("killed"))) {
    EXPECT_THAT(entry.path().filename().string(), testing::Not(HasSubstr(".tmp"))) << "resuming clears up after kills";
  }
}

INSTANTIATE_TEST_SUITE_P(Recipes, KilledProgram, testing::Bool(),
                         [](const auto& everything) { return everything.param ? "Everything" : "Plain"; });

TEST_F(TrainProgram, ADryRunMeasuresAndWritesNothing) {
  const Finished finished = run({"train", "tiny.yaml", "--dry-run", "--json", "--set", "train.freeze=[fc]"});
  ASSERT_EQ(finished.code, 0) << finished.error;
  const Json facts = Json::parse(finished.out);
  EXPECT_EQ(facts["images"], Json::parse(R"({"train": 192, "val": 48, "test": 240})"));
  EXPECT_EQ(facts["parameters"].get<std::int64_t>() - facts["trained_parameters"].get<std::int64_t>(), 16 * 10 + 10);
  EXPECT_EQ(facts["updates"], 3);
  EXPECT_GT(facts["memory_bytes"], 50 << 20);  // LibTorch alone takes more
  EXPECT_GT(facts["images_per_second"], 0);
  EXPECT_GT(facts["evaluation_images_per_second"], 0);
  EXPECT_DOUBLE_EQ(facts["seconds"].get<double>(), 3 * facts["epoch_seconds"].get<double>());
  EXPECT_FALSE(std::filesystem::exists(folder_.path("runs")));

  const Json trained = Json::parse(run({"train", "tiny.yaml", "--json", "--quiet", "--set", "train.epochs=1"}).out);
  EXPECT_EQ(facts["parameters"], trained["parameters"]);
  EXPECT_EQ(facts["macs"], trained["macs"]);
  const Finished text = run({"train", "tiny.yaml", "--dry-run"});  // beside a run, which it leaves alone
  ASSERT_EQ(text.code, 0) << text.error;
  EXPECT_THAT(text.out, testing::AllOf(HasSubstr("192 for training, 48 for validation, 240 for the test"), HasSubstr("MiB"),
                                       HasSubstr("images/s")));
}

TEST_F(TrainProgram, ADryRunWithoutValidationSaysSo) {
  const Finished finished = run({"train", "tiny.yaml", "--dry-run", "--json", "--set", "data.validation=none"});
  ASSERT_EQ(finished.code, 0) << finished.error;
  EXPECT_EQ(Json::parse(finished.out)["images"]["val"], 0);
}

TEST_F(TrainProgram, EveryEpochHasARecordForTensorBoardAlsoAfterAKill) {
  const auto events = [&] { return file_text(folder_.path("run/events.out.tfevents.fovea")); };
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "run", "--quiet"}).code, 0);
  const std::string whole = events();
  EXPECT_THAT(whole, testing::AllOf(HasSubstr("brain.Event:2"), HasSubstr("loss/train"), HasSubstr("top1/val")));
  // As if two more epochs had been written after the last checkpoint: their events, in a file of their own, follow.
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "longer", "--quiet", "--set", "train.epochs=5"}).code, 0);
  const std::string longer = file_text(folder_.path("longer/events.out.tfevents.fovea"));
  ASSERT_GT(longer.size(), whole.size());
  folder_.write("run/events.out.tfevents.fovea", whole + longer.substr(whole.size()));
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "run", "--quiet", "--resume"}).code, 0);
  EXPECT_EQ(events(), whole);
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

TEST_F(TrainProgram, ResumeRestoresWhatWasLost) {
  const std::vector<std::string> resume{"train", "tiny.yaml", "--out", "run", "--quiet", "--resume"};
  ASSERT_EQ(run(resume).code, 0);
  const std::string before = model("run");
  std::filesystem::remove(folder_.path("run/model.safetensors"));
  ASSERT_EQ(run(resume).code, 0);
  EXPECT_EQ(model("run"), before);
  std::filesystem::remove(folder_.path("run/checkpoint.ckpt"));  // from the beginning, without the old lines
  ASSERT_EQ(run(resume).code, 0);
  const std::string metrics = file_text(folder_.path("run/metrics.jsonl"));
  EXPECT_EQ(std::count(metrics.begin(), metrics.end(), '\n'), 3);
}

TEST_F(TrainProgram, OtherPixelsAreAnotherRun) {
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "run", "--quiet"}).code, 0);
  std::filesystem::copy(folder_.path("data"), folder_.path("other"));
  std::string pixels = file_text(folder_.path("other/train-images-idx3-ubyte"));
  for (std::size_t i = 16; i < pixels.size(); ++i) pixels[i] = static_cast<char>(~pixels[i]);
  folder_.write("other/train-images-idx3-ubyte", pixels);
  const Finished resumed =
      run({"train", "tiny.yaml", "--out", "run", "--resume", "--set", "data.root=" + folder_.path("other")});
  EXPECT_EQ(resumed.code, 2);
  EXPECT_THAT(resumed.error, HasSubstr("data.fingerprint"));
}

TEST_F(TrainProgram, TwoProcessesDoNotTrainInOneFolder) {
  Program first(folder_.path(), {"train", "tiny.yaml", "--out", "run", "--quiet", "--set", "train.epochs=10000"});
  while (file_text(folder_.path("run/metrics.jsonl")).empty()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const Finished second = run({"train", "tiny.yaml", "--out", "run", "--resume", "--set", "train.epochs=10000"});
  EXPECT_EQ(second.code, 2);
  EXPECT_THAT(second.error, HasSubstr("run: expected a folder that no other process writes to"));
  first.send(SIGTERM);
  EXPECT_EQ(first.wait().code, 130);
}

TEST_F(TrainProgram, EarlyStoppingIsTold) {
  const Finished finished = run({"train", "tiny.yaml", "--set", "train.epochs=9", "--set", "train.early_stopping_epochs=2",
                                 "--set", "train.optimizer.learning_rate=1e-30", "--set", "train.freeze=['*bn*']"});
  ASSERT_EQ(finished.code, 0) << finished.error;
  EXPECT_THAT(finished.error, HasSubstr("stopped early after 3 of 9 epochs: none was better than epoch 1"));
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
