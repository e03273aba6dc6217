#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/train/checkpoint.h>
#include <fovea/weights/safetensors.h>

#include "file_text.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

const Json kConfig = {{"seed", 1},
                      {"train", {{"epochs", 3}, {"batch_size", 8}}},
                      {"images", {{"train", 40}, {"validation", 8}, {"fingerprint", "0123"}}}};

Checkpoint example_checkpoint() {
  Checkpoint checkpoint;
  checkpoint.config = kConfig;
  checkpoint.epoch = 1;
  checkpoint.best = SelectedEpoch{1, 0.5, 1.25};
  checkpoint.validation = {{1.25, 0.5}};
  checkpoint.model = {{"fc.weight", torch::arange(300, torch::kFloat32).view({10, 30})}, {"fc.bias", torch::ones({10})}};
  checkpoint.optimizer = {{"fc.weight.momentum", torch::full({10, 30}, 0.25)}};
  checkpoint.selected = checkpoint.model;
  checkpoint.images = {{"train", torch::arange(40, torch::kInt64)}};
  return checkpoint;
}

TEST(CheckpointTest, ReadsBackWhatWasWritten) {
  const TemporaryDirectory folder;
  write_checkpoint(folder.path("a"), example_checkpoint());
  const Checkpoint read = read_checkpoint(folder.path("a"), kConfig);
  EXPECT_EQ(read.epoch, 1);
  EXPECT_EQ(read.best->val_loss, 1.25);
  EXPECT_TRUE(torch::equal(read.optimizer.at("fc.weight.momentum"), torch::full({10, 30}, 0.25)));
  EXPECT_TRUE(torch::equal(read.images.at("train"), torch::arange(40, torch::kInt64)));
}

TEST(CheckpointTest, AFlippedBitIsRefused) {
  const TemporaryDirectory folder;
  write_checkpoint(folder.path("a"), example_checkpoint());
  const std::string bytes = file_text(folder.path("a"));
  for (std::size_t bit = 0; bit < 8 * bytes.size(); bit += 40) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const std::string path = folder.write("flipped" + std::to_string(bit), flipped);
    EXPECT_THROW(read_checkpoint(path, kConfig), InputError) << "bit " << bit;
    std::filesystem::remove(path);
  }
}

TEST(CheckpointTest, MissingAndExtraTensorsAreRefused) {
  const TemporaryDirectory folder;
  write_checkpoint(folder.path("a"), example_checkpoint());
  const SafetensorsFile file(folder.path("a"));
  const auto expect_refused = [&](const NamedTensors& tensors, const char* part) {
    write_checked_safetensors(folder.path("b"), tensors, file.metadata());
    EXPECT_THAT([&] { read_checkpoint(folder.path("b"), kConfig); }, ThrowsMessage<InputError>(HasSubstr(part)));
  };
  for (const std::string& name : file.names()) {
    NamedTensors fewer = file.tensors();
    fewer.erase(name);
    expect_refused(fewer, "the file is damaged");
  }
  NamedTensors more = file.tensors();
  more["optimizer.fc.bias.momentum"] = torch::ones({10});
  expect_refused(more, "b: optimizer: expected 1 tensors, got 2");
  more = file.tensors();
  more["optimizes.fc.bias"] = torch::ones({10});
  expect_refused(more, "b: expected 6 tensors of a checkpoint, got 7");
  Metadata unchecked = file.metadata();
  unchecked.erase("fovea.checksum");
  write_safetensors(folder.path("b"), file.tensors(), unchecked);
  EXPECT_THAT([&] { read_checkpoint(folder.path("b"), kConfig); },
              ThrowsMessage<InputError>(HasSubstr("expected a checksum, got none")));
}

TEST(CheckpointTest, OtherSettingsAndImagesAreNamedAndCounted) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("run/checkpoint.ckpt");
  std::filesystem::create_directory(folder.path("run"));
  write_checkpoint(path, example_checkpoint());
  const auto expect_refused = [&](const char* section, const char* key, const Json& value, const std::string& part) {
    Json config = kConfig;
    config[section][key] = value;
    EXPECT_THAT([&] { read_checkpoint(path, config); }, ThrowsMessage<InputError>(HasSubstr(part)));
  };
  expect_refused("train", "batch_size", 9, "train.batch_size: 8 there, 9 here; use the same configuration");
  expect_refused("train", "epochs", 9,
                 "start another run with train.init: {weights: " + folder.path("run") + ", head: keep}");
  expect_refused("images", "train", 39, "expected the images that the run began with, got 39 in place of 40 images (train)");
  expect_refused("images", "fingerprint", "4567", "got as many, some of them with another name, size, label or content; ");
}

}  // namespace
}  // namespace fovea
