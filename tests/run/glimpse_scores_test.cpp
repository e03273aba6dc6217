// Warnings about the locations of a glimpse network.

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/glimpse/retina_shape.h>
#include <fovea/run/glimpse_scores.h>

#include "made_samples.h"

namespace fovea {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kScoredImages = 100;

/// Two glimpses: at the centre, then left for images of class 0 and right for those of class 1, whose pixels are 0 and 255.
struct LeftOrRight final : Classifier {
  explicit LeftOrRight(bool looks) : Classifier("LeftOrRight"), needs_to_look(looks) {}

  bool takes_glimpses() const override { return true; }

  ModelOutput classify(const Batch& batch, ForwardContext& context) override {
    const std::int64_t images = batch.size();
    const torch::Tensor labels = batch.images.flatten(1).amax(1).gt(0).to(torch::kInt64);  // [N]
    const torch::Tensor side = labels.to(torch::kFloat64) - 0.5;
    torch::Tensor x = side.clone();
    if (context.policy == PolicyMode::centre) x = torch::zeros_like(side);
    if (context.policy == PolicyMode::replay) x = context.replay.select(1, 1).select(1, 0).to(torch::kFloat64);
    if (context.policy == PolicyMode::random) {
      RandomStream& random = context.random;
      for (std::int64_t n = 0; n < images; ++n) x[n] = random.uniform(-0.8, 0.8);
    }
    const torch::Tensor sees = needs_to_look ? x.sub(side).abs().lt(0.2) : torch::ones_like(labels, torch::kBool);
    const torch::Tensor said = torch::where(sees, labels, 1 - labels);
    GlimpseTrajectory trajectory;
    trajectory.locations = torch::zeros({images, 2, 2}, torch::kFloat64);
    trajectory.locations.select(1, 1).select(1, 0).copy_(x);
    trajectory.logits = torch::one_hot(said, 2).to(torch::kFloat64).unsqueeze(1).repeat({1, 2, 1});
    trajectory.windows = retina_windows({2, 1}, trajectory.locations, torch::full({images}, 4), torch::full({images}, 4));
    trajectory.patches = torch::zeros({images, 2, 1, 1, 2, 2});
    return {trajectory.logits.select(1, 1), trajectory};
  }

  bool needs_to_look;
};

std::vector<std::string> warnings_about(LeftOrRight network) {
  const Image like(4, 4, 1);
  const auto made = [like](std::int64_t index) {
    Sample sample{like, index % 2};
    sample.image.pixels.assign(sample.image.pixels.size(), index % 2 == 0 ? 0 : 255);
    return sample;
  };
  const auto images = std::make_shared<MadeSamples>(kScoredImages, like, std::vector<std::string>{"left", "right"}, made);
  LoaderOptions options;
  options.batch_size = 50;  // another image, half a batch away, is of the other class
  const Loader loader(images, first_indices(kScoredImages, 0), std::make_shared<Preprocess>(PreprocessOptions()), options);
  std::vector<std::string> warnings;
  EXPECT_TRUE(glimpse_scores(network, loader, {}, [&](const std::string& text) { warnings.push_back(text); }));
  return warnings;
}

TEST(GlimpseScoresTest, LocationsThatMatterAreNoReasonForAWarning) {
  EXPECT_THAT(warnings_about(LeftOrRight(/*looks=*/true)), IsEmpty());
}

TEST(GlimpseScoresTest, LocationsNoBetterThanRandomOnesAreReported) {
  EXPECT_THAT(
      warnings_about(LeftOrRight(/*looks=*/false)),
      ElementsAre("top-1 is 100.00 % at the chosen locations, 100.00 % at random ones and 100.00 % at another image's: "
                  "no gain beyond the noise of 100 images; nothing shows that the policy learned where to look"));
}

}  // namespace
}  // namespace fovea
