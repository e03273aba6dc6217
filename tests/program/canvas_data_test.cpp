// Data sets that generate their images, in an experiment: random draws, boxes and the preview.

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/config/config_node.h>
#include <fovea/run/experiment_data.h>
#include <fovea/run/preview.h>

#include "program_fixture.h"

namespace fovea {
namespace {

class CanvasData : public FreshProgramTest {
 protected:
  CanvasData() { write_tiny_mnist(path()); }

  /// @param more options of the data set.
  static std::unique_ptr<ExperimentConfig> config(std::int64_t seed, const std::string& more = "test_seed: 0") {
    return read_experiment_config(parse_yaml(
        "seed: " + std::to_string(seed) + "\ndata: {name: cluttered_digits, canvas: [20, 24], source: {root: " + path() +
            "}, " + more + "}\nmodel: resnet20",
        "test.yaml"));
  }

  static Batch first_batch(const Loader& loader, std::int64_t epoch) { return loader.batch(loader.order(epoch), epoch, 0); }
};

TEST_F(CanvasData, TheNetworkReadsTheCanvas) {
  const auto experiment = config(1);
  ExperimentData data(*experiment, {}, {});
  const InputSpec input = data.input();
  EXPECT_EQ(input.channels, 1);
  EXPECT_EQ(input.height, 20);
  EXPECT_EQ(input.width, 24);
  EXPECT_EQ(input.num_classes, 10);
}

TEST_F(CanvasData, EvaluationHasBoxesAndDoesNotDependOnTheSeed) {
  const auto one = config(1), two = config(2), other = config(1, "test_seed: 5");
  const auto test_of = [](ExperimentConfig& experiment) {
    return first_batch(ExperimentData(experiment, {}, {}).loader(Split::test), 0);
  };
  const Batch batch = test_of(*one);
  EXPECT_TRUE(torch::equal(test_of(*two).images, batch.images));
  EXPECT_FALSE(torch::equal(test_of(*other).images, batch.images));
  ASSERT_TRUE(batch.boxes.defined());
  for (std::int64_t n = 0; n < batch.size(); ++n) {
    const auto box = (batch.boxes[n].to(torch::kFloat64) + 1) * torch::tensor({12, 10, 12, 10}, torch::kFloat64);
    const auto edge = [&](int i) { return std::lround(box[i].item<double>()); };
    const torch::Tensor inside = batch.images[n][0].slice(0, edge(1), edge(3)).slice(1, edge(0), edge(2));
    for (const int dim : {0, 1}) EXPECT_GT(std::get<0>(inside.max(1 - dim)).min().item<int>(), 0) << "a black line, " << n;
  }
}

TEST_F(CanvasData, TrainingIsNewInEveryEpochAndTheSameInEveryRun) {
  const auto experiment = config(1);
  ExperimentData data(*experiment, {}, {}), again(*experiment, {}, {});
  const Loader loader = data.training_loader();
  EXPECT_FALSE(first_batch(loader, 0).boxes.defined());
  EXPECT_TRUE(torch::equal(first_batch(loader, 1).images, first_batch(again.training_loader(), 1).images));
  const EpochOrder order = loader.order(0);
  EXPECT_FALSE(torch::equal(loader.batch(order, 0, 0).images, loader.batch(order, 1, 0).images));
  EXPECT_EQ(data.training_images(), again.training_images());
}

TEST_F(CanvasData, ItsSourceHasTheRoot) {
  EXPECT_THAT([&] { config(1, "root: elsewhere"); },
              testing::ThrowsMessage<InputError>(
                  testing::AllOf(testing::HasSubstr("data.root: expected data.source.root, the folder of the data set that"),
                                 testing::HasSubstr("'cluttered_digits' is made of, got 'elsewhere'"))));
}

TEST_F(CanvasData, ThePreviewShowsThem) {
  const auto experiment = config(1);
  ExperimentData data(*experiment, {}, {});
  const Image picture = preview(data);
  EXPECT_GT(picture.width, 8 * 128);  // eight tiles in a row
  EXPECT_EQ(picture.pixels, preview(data).pixels);
}

}  // namespace
}  // namespace fovea
