// `fovea train` from outside: files, measurements and messages.

#include <cstdint>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memory_limit.h"
#include "program_fixture.h"

namespace fovea {
namespace {

using testing::HasSubstr;

class TrainProgram : public FreshProgramTest {
 protected:
  TrainProgram() { write_tiny_experiment(); }
};

TEST_F(TrainProgram, AMachineThatIsTooSmallSaysWhatToChange) {
  if (!MemoryLimit::is_possible()) GTEST_SKIP() << "a sanitizer maps more";
  const Finished finished =
      run({"train", "tiny.yaml", "--quiet", "--threads", "1", "--set", "preprocess.resize=[2048, 2048]"},
          {.memory_bytes = std::size_t{3} << 30});
  EXPECT_EQ(finished.code, 1);
  EXPECT_EQ(finished.error,
            "fovea: error: out of memory; use fewer --threads, smaller images, a smaller train.batch_size or model\n");
}

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
  EXPECT_EQ(Json::parse(text("runs/tiny/summary.json")), summary);
  for (const char* file : {"config.yaml", "metrics.jsonl", "checkpoint.ckpt", "model.safetensors", "confusion_test.csv"}) {
    EXPECT_TRUE(exists(std::string("runs/tiny/") + file)) << file;
  }
  EXPECT_THAT(finished.error, HasSubstr("epoch 3/3"));

  // The resolved configuration trains the same network.
  const Finished again = run({"train", "runs/tiny/config.yaml", "--out", "again", "--quiet"});
  ASSERT_EQ(again.code, 0) << again.error;
  EXPECT_EQ(again.error, "");
  EXPECT_EQ(model_bytes("again"), model_bytes("runs/tiny"));
}

TEST_F(TrainProgram, ThreadsDoNotChangeTheModel) {
  for (const char* threads : {"1", "2", "3"}) {
    ASSERT_EQ(run({"train", "tiny.yaml", "--out", threads, "--threads", threads, "--quiet"}).code, 0);
  }
  EXPECT_EQ(model_bytes("1"), model_bytes("2"));
  EXPECT_EQ(model_bytes("1"), model_bytes("3"));
}

TEST_F(TrainProgram, SeedChangesTheModel) {
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "a", "--quiet", "--set", "train.epochs=1"}).code, 0);
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "b", "--quiet", "--set", "train.epochs=1", "--seed", "7"}).code, 0);
  EXPECT_NE(model_bytes("a"), model_bytes("b"));
}

TEST_F(TrainProgram, ADryRunMeasuresAndWritesNothing) {
  const Finished finished = run({"train", "tiny.yaml", "--dry-run", "--json", "--set", "train.freeze=[fc]"});
  ASSERT_EQ(finished.code, 0) << finished.error;
  const Json facts = Json::parse(finished.out);
  EXPECT_EQ(facts["images"], Json::parse(R"({"train": 192, "validation": 48, "test": 240})"));
  EXPECT_EQ(facts["parameters"].get<std::int64_t>() - facts["trained_parameters"].get<std::int64_t>(), 16 * 10 + 10);
  EXPECT_EQ(facts["updates"], 3);
  EXPECT_GT(facts["memory_bytes"], 50 << 20);  // LibTorch alone takes more
  EXPECT_GT(facts["images_per_second"], 0);
  EXPECT_GT(facts["evaluation_images_per_second"], 0);
  EXPECT_DOUBLE_EQ(facts["seconds"].get<double>(), 3 * facts["epoch_seconds"].get<double>());
  EXPECT_FALSE(exists("runs"));

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
  EXPECT_EQ(Json::parse(finished.out)["images"]["validation"], 0);
}

TEST_F(TrainProgram, EveryEpochHasARecordForTensorBoardAlsoAfterAKill) {
  const auto events = [&] { return text("run/events.out.tfevents.fovea"); };
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "run", "--quiet"}).code, 0);
  const std::string whole = events();
  EXPECT_THAT(whole, testing::AllOf(HasSubstr("brain.Event:2"), HasSubstr("loss/train"), HasSubstr("top1/val")));
  // As if two more epochs had been written after the last checkpoint: their events, in a file of their own, follow.
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "longer", "--quiet", "--set", "train.epochs=5"}).code, 0);
  const std::string longer = text("longer/events.out.tfevents.fovea");
  ASSERT_GT(longer.size(), whole.size());
  write("run/events.out.tfevents.fovea", whole + longer.substr(whole.size()));
  ASSERT_EQ(run({"train", "tiny.yaml", "--out", "run", "--quiet", "--resume"}).code, 0);
  EXPECT_EQ(events(), whole);
}

TEST_F(TrainProgram, EarlyStoppingIsTold) {
  const Finished finished = run({"train", "tiny.yaml", "--set", "train.epochs=9", "--set", "train.early_stopping_epochs=2",
                                 "--set", "train.optimizer.learning_rate=1e-30", "--set", "train.freeze=['*bn*']"});
  ASSERT_EQ(finished.code, 0) << finished.error;
  EXPECT_THAT(finished.error, HasSubstr("stopped early after 3 of 9 epochs: none was better than epoch 1"));
}

TEST_F(TrainProgram, PrintConfigShowsEveryKeyAndTrainsNothing) {
  const Finished finished = run({"train", "tiny.yaml", "--print-config", "--set", "model.attention.reduction_ratio=4"});
  ASSERT_EQ(finished.code, 0) << finished.error;
  EXPECT_THAT(finished.out,
              testing::AllOf(HasSubstr("label_smoothing: 0"), HasSubstr("reduction_ratio: 4"), HasSubstr("momentum: 0.9")));
  EXPECT_FALSE(exists("runs"));
}

}  // namespace
}  // namespace fovea
