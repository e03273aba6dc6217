// Every user error gives one line on stderr, with where, expected, got and what to do, and the exit code of the contract.

#include <cstring>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/weights/safetensors.h>

#include "byte_builders.h"
#include "program_fixture.h"

namespace fovea {
namespace {

using testing::HasSubstr;

class BadInput : public FreshProgramTest {
 protected:
  BadInput() { write_tiny_experiment(); }

  /// Expects a refusal in one line that holds all `parts`.
  static void expect_error(const std::vector<std::string>& arguments, const std::vector<std::string>& parts) {
    const std::string error = refusal(arguments);
    for (const std::string& part : parts) EXPECT_THAT(error, HasSubstr(part));
  }

  static void train_quickly(const std::string& out, const std::string& setting = "seed=1") {
    const Finished finished =
        run({"train", "tiny.yaml", "--out", out, "--quiet", "--set", "train.epochs=1", "--set", setting});
    ASSERT_EQ(finished.code, 0) << finished.error;
  }

  /// Replaces one file of the data set.
  static void spoil(const std::string& name, const ByteVector& bytes) { write("data/" + name, bytes); }
};

TEST_F(BadInput, CommandLine) {
  expect_error({"trian", "tiny.yaml"}, {"trian"});
  expect_error({"train"}, {"fovea train: expected CONFIG|RUN"});
  expect_error({"train", "tiny.yaml", "--frobnicate"}, {"--frobnicate"});
  expect_error({"train", "tiny.yaml", "--threads", "0"}, {"--threads"});
  expect_error({"train", "tiny.yaml", "--device", "gpu"}, {"device: expected auto, cpu, cuda", "'gpu'", "auto takes a GPU"});
  expect_error({"list", "bloks"},
               {"fovea list: expected one of blocks, models, datasets, augmentations, methods", "'bloks'"});
}

TEST_F(BadInput, MissingConfiguration) {
  expect_error({"train", "none.yaml"}, {"none.yaml"});
}

TEST_F(BadInput, ConfigurationSyntax) {
  write_tiny_experiment("seed: [1, 2\n");
  expect_error({"train", "tiny.yaml"}, {"tiny.yaml:", "expected valid YAML"});
}

TEST_F(BadInput, ConfigurationKeys) {
  write_tiny_experiment("sede: 1\n");
  expect_error({"train", "tiny.yaml"}, {"tiny.yaml:4: sede: unknown key", "did you mean 'seed'?"});
  write_tiny_experiment("preprocess: {interpolation: cubic}\n");
  expect_error({"train", "tiny.yaml"},
               {"tiny.yaml:4: preprocess.interpolation: expected one of bilinear, bicubic and area, got 'cubic'"});
}

TEST_F(BadInput, ConfigurationRanges) {
  expect_error({"train", "tiny.yaml", "--set", "train.epochs=0"},
               {"setting train.epochs=0: train.epochs: expected an integer from 1 to", "got '0'"});
  expect_error({"train", "tiny.yaml", "--set", "model.attention.reduction_ratio=0"},
               {"model.attention.reduction_ratio", "got '0'"});
  expect_error({"train", "tiny.yaml", "--set", "model.name=cifar_resnet", "--set", "model.depth=9"},
               {"model.depth: expected 6n + 2", "got 9"});
  expect_error({"train", "tiny.yaml", "--set", "data.validation=1"},
               {"data.validation", "expected a number in (0, 1) or none"});
  for (const char* setting : {"train.optimizer.learning_rate=1e308", "train.optimizer.weight_decay=1e308",
                              "train.clip_norm=1e308", "train.layer_rates={layers: fc, multiplier: 1e308}"}) {
    expect_error({"train", "tiny.yaml", "--set", setting},
                 {"expected a number in ", "1000000000000]", "1e308"});  // float32 ends before
  }
}

TEST_F(BadInput, ShortAndOtherNamesGetASuggestion) {
  expect_error({"train", "tiny.yaml", "--set", "train.optimizer.lr=0.1"}, {"unknown key", "did you mean 'learning_rate'?"});
  expect_error({"train", "tiny.yaml", "--set", "train.optimizer=adam"}, {"got 'adam'", "did you mean 'adamw'?"});
  expect_error({"train", "tiny.yaml", "--set", "model.attention.reduction=8"}, {"did you mean 'reduction_ratio'?"});
}

TEST_F(BadInput, AnIndexWithManyDigitsIsAnIndex) {
  expect_error(
      {"train", "tiny.yaml", "--set", "model.attention=[{name: se}]", "--set", "model.attention.000000.name=nothing"},
      {"'nothing'"});
}

TEST_F(BadInput, OptionsThatExcludeEachOther) {
  expect_error({"train", "tiny.yaml", "--set", "train.optimizer.momentum=0"}, {"train.optimizer.nesterov"});
  expect_error(
      {"train", "tiny.yaml", "--set", "model.attention.reduced_channels=4", "--set", "model.attention.reduction_ratio=2"},
      {"reduced_channels", "both"});
  expect_error({"train", "tiny.yaml", "--set", "train.schedule.warmup_epochs=9"},
               {"warmup_epochs", "at most train.epochs, 3"});
  expect_error({"train", "tiny.yaml", "--set", "model.depth=14"}, {"model.depth: unknown key"});  // the name says 8
  EXPECT_FALSE(exists("runs")) << "a refused configuration left a run behind";
}

TEST_F(BadInput, SettingsThatWouldDoNothing) {
  train_quickly("run");
  expect_error({"predict", "run", FOVEA_TEST_DATA "/fashion_mnist/bag.png", "--set", "model.width=8"},
               {"setting model.width=8: expected a data.* key", "trained model"});
  expect_error({"eval", "run", "--set", "model.width=8"}, {"setting model.width=8", "trained model"});
  expect_error({"eval", "run", "--split", "validation", "--seed", "3"}, {"seed=3", "trained model"});
}

TEST_F(BadInput, ABatchOfOneImageSaysWhatToChange) {
  write_tiny_experiment();
  const std::string error =
      refusal({"train", "tiny.yaml", "--out", "single", "--set", "train.batch_size=1", "--set", "preprocess.resize=[4, 4]"});
  EXPECT_THAT(error, HasSubstr("two values or more per channel"));
  EXPECT_THAT(error, HasSubstr("set train.batch_size to 2 or more"));
  EXPECT_THAT(error, testing::Not(HasSubstr("resume"))) << "another batch size is another run";
}

TEST_F(BadInput, AFolderOfRunsIsNoRun) {
  train_quickly("all/one");
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"eval", "all"}, {"eval", "tiny.yaml", "--weights", "all"}}) {
    expect_error(command, {"all: expected a run directory with model.safetensors, got none in it", "such as all/one?"});
  }
}

TEST_F(BadInput, ValidationWithoutImages) {
  expect_error({"train", "tiny.yaml", "--set", "data.limit=2"}, {"data.validation", "0.2 of 2 images", "validation: none"});
}

TEST_F(BadInput, ForgedCheckpoint) {
  train_quickly("run", "seed=42");
  const SafetensorsFile honest(path("run/checkpoint.ckpt"));
  Metadata metadata = honest.metadata();
  for (auto& [key, value] : metadata) {
    const std::string batch = R"("batch":0,)";
    const auto place = value.find(batch);
    if (place != std::string::npos) value.replace(place, batch.size(), R"("batch":9,)");
  }
  ASSERT_NE(metadata, honest.metadata());
  write_checked_safetensors(path("run/checkpoint.ckpt"), honest.tensors(), metadata);
  expect_error({"train", "tiny.yaml", "--out", "run", "--resume", "--set", "train.epochs=1"},
               {"run/checkpoint.ckpt", "batch 9"});
}

TEST_F(BadInput, NegativeSeed) {
  expect_error({"train", "tiny.yaml", "--seed", "-1"}, {"--seed: expected an integer >= 0, got '-1'"});
}

TEST_F(BadInput, CommaInANumber) {
  expect_error({"train", "tiny.yaml", "--set", "train.optimizer.learning_rate=,5"},
               {"setting train.optimizer.learning_rate=,5", "expected valid YAML, got an unexpected ',5'"});
}

TEST_F(BadInput, NamesAreSuggested) {
  expect_error({"train", "tiny.yaml", "--set", "model.name=resnet2O"}, {"'resnet2O'", "did you mean 'resnet20'?"});
  expect_error({"train", "tiny.yaml", "--set", "model.attention.name=cbma"}, {"'cbma'", "did you mean 'cbam'?"});
  expect_error({"train", "tiny.yaml", "--set", "data.name=fashion-mnist"}, {"did you mean 'fashion_mnist'?"});
}

TEST_F(BadInput, AttentionWithoutAnInsertionPoint) {
  expect_error({"train", "tiny.yaml", "--set", "model.attention.stages=7"}, {"model.attention", "'cbam'", "stages 7"});
  expect_error({"train", "tiny.yaml", "--set", "model.attention.at=pool"},
               {"model.attention.at", "block and stage", "'pool'"});
}

TEST_F(BadInput, MissingData) {
  expect_error({"train", "tiny.yaml", "--set", "data.root=" + path("nowhere")}, {"nowhere", "or set data.root"});
  std::filesystem::remove(path("data/train-images-idx3-ubyte"));
  expect_error({"train", "tiny.yaml"}, {"train-images-idx3-ubyte"});
}

TEST_F(BadInput, DamagedData) {
  spoil("train-images-idx3-ubyte", idx_bytes(kIdxImages, {240, 8, 8}, ByteVector(1000)));
  expect_error({"train", "tiny.yaml"}, {"train-images-idx3-ubyte", "1000"});
  spoil("train-images-idx3-ubyte", idx_bytes(kIdxLabels, {240}, ByteVector(240)));
  expect_error({"train", "tiny.yaml"}, {"train-images-idx3-ubyte", "magic"});
  write_tiny_mnist(path("data"));
  spoil("t10k-labels-idx1-ubyte", idx_bytes(kIdxLabels, {240}, ByteVector(240, 77)));
  expect_error({"train", "tiny.yaml"}, {"t10k-labels-idx1-ubyte", "77"});
}

TEST_F(BadInput, CheckpointOfAnotherArchitecture) {
  train_quickly("small", "seed=42");
  train_quickly("large", "model.width=8");
  std::filesystem::copy_file(path("large/checkpoint.ckpt"), path("small/checkpoint.ckpt"),
                             std::filesystem::copy_options::overwrite_existing);
  expect_error({"train", "tiny.yaml", "--out", "small", "--resume", "--set", "train.epochs=1"},
               {"small/checkpoint.ckpt", "model.width: 8 there, 4 here"});
}

TEST_F(BadInput, WeightsOfAnotherArchitecture) {
  train_quickly("run");
  expect_error({"eval", "tiny.yaml", "--weights", "run/model.safetensors", "--set", "model.width=8"},
               {"run/model.safetensors", "shape mismatch", "it is of resnet8 with attention cbam"});
  expect_error({"eval", "tiny.yaml", "--weights", "run/model.safetensors", "--set", "model.attention=none"}, {"unexpected"});
  expect_error({"eval", "tiny.yaml"}, {"tiny.yaml: expected weights for this network"});
}

TEST_F(BadInput, WrongChannelCount) {
  train_quickly("run");
  ByteVector record(1 + 3072);
  for (const char* name : {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                           "data_batch_5.bin", "test_batch.bin"}) {
    write(std::string("cifar/") + name, record);
  }
  expect_error(
      {"eval", "run/model.safetensors", "--quiet", "--set", "data.name=cifar10", "--set", "data.root=" + path("cifar")},
      {"1 channel", "3"});
}

TEST_F(BadInput, DamagedModelFiles) {
  train_quickly("run");
  const std::string bytes = text("run/model.safetensors");
  write("cut.safetensors", bytes.substr(0, bytes.size() - 100));
  expect_error({"predict", "cut.safetensors", FOVEA_TEST_DATA "/fashion_mnist/bag.png"}, {"cut.safetensors", "truncated"});
  std::string huge = bytes;
  const std::uint64_t terabytes = std::uint64_t{1} << 42;
  std::memcpy(huge.data(), &terabytes, sizeof terabytes);
  write("huge.safetensors", huge);
  expect_error({"predict", "huge.safetensors", FOVEA_TEST_DATA "/fashion_mnist/bag.png"},
               {"huge.safetensors: offset 0", "header length", "4398046511104"});
  expect_error({"predict", "none.safetensors", "x.png"}, {"none.safetensors"});
}

TEST_F(BadInput, ForgedDescriptionIsRefusedBeforeItAllocates) {
  train_quickly("run");
  std::string bytes = text("run/model.safetensors");
  const std::string honest = R"(\"width\":4,)";
  const std::string forged = R"(\"width\":9,)";
  const auto place = bytes.find(honest);
  ASSERT_NE(place, std::string::npos);
  bytes.replace(place, honest.size(), forged);
  write("forged.safetensors", bytes);
  expect_error({"predict", "forged.safetensors", FOVEA_TEST_DATA "/fashion_mnist/bag.png"}, {"forged.safetensors"});
}

TEST_F(BadInput, Images) {
  train_quickly("run");
  expect_error({"predict", "run", "none.png"}, {"none.png"});
  write("text.png", "no image at all");
  expect_error({"predict", "run", "text.png"}, {"text.png"});
  std::filesystem::create_directories(path("empty"));
  expect_error({"predict", "run", "empty"}, {"empty", "none in it"});
}

}  // namespace
}  // namespace fovea
