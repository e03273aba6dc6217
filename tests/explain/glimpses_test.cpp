#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/explain/glimpses.h>
#include <fovea/explain/grad_cam.h>
#include <fovea/explain/own_attention.h>
#include <fovea/explain/photo_glimpses.h>

#include "scripted_glimpses.h"
#include "tiny_classifiers.h"

namespace fovea {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pointwise;
using ::testing::ThrowsMessage;

bool whichever_layer(const std::string&) {
  return true;
}

/// Two steps: at the centre, undecided between two classes; then right and up, sure of the second.
ScriptedGlimpses two_steps(const RetinaShape& retina) {
  return {torch::tensor({{0.0F, 0.0F}, {0.5F, -0.25F}}), torch::tensor({{1.0F, 1.0F}, {0.0F, std::log(3.0F)}}), retina};
}

/// 8-bit, one number per pixel and channel. [1, C, H, W]
Batch numbered_batch(std::int64_t channels, std::int64_t height, std::int64_t width) {
  Batch batch;
  batch.images = (torch::arange(channels * height * width) % 251).to(torch::kUInt8).view({1, channels, height, width});
  batch.normalization =
      std::make_shared<Normalization>(Normalization{std::vector<double>(static_cast<std::size_t>(channels), 0.4),
                                                    std::vector<double>(static_cast<std::size_t>(channels), 0.25)});
  return batch;
}

TEST(GlimpsesTest, TellsWhereTheNetworkLookedAndWhatItThought) {
  ScriptedGlimpses network = two_steps({2, 2});
  const Explanation explanation = explain_by_glimpses(network, numbered_batch(1, 8, 16), whichever_layer, {});
  EXPECT_EQ(explanation.predicted, 1);
  EXPECT_THAT(explanation.explained, ElementsAre(1));
  EXPECT_THAT(explanation.probabilities, Pointwise(DoubleNear(1e-6), {0.25, 0.75}));
  ASSERT_TRUE(explanation.glimpses.has_value());
  const GlimpsePath& path = *explanation.glimpses;
  EXPECT_TRUE(torch::equal(path.locations, torch::tensor({{0.0, 0.0}, {0.5, -0.25}}, torch::kFloat64)));
  EXPECT_TRUE(torch::allclose(path.probabilities, torch::tensor({{0.5, 0.5}, {0.25, 0.75}}, torch::kFloat64), 0, 1e-6));
  // Of 16 x 8 pixels, 2 x 2 around the middle are an eighth of the width, and a quarter of the height.
  EXPECT_TRUE(torch::equal(path.windows[0][0], torch::tensor({0.0, 0.0, 0.125, 0.25}, torch::kFloat64)));
  EXPECT_TRUE(torch::equal(path.windows[0][1], torch::tensor({0.0, 0.0, 0.25, 0.5}, torch::kFloat64)));
  EXPECT_TRUE(torch::equal(path.windows[1][0], torch::tensor({0.5, -0.25, 0.125, 0.25}, torch::kFloat64)));

  ASSERT_EQ(explanation.maps.size(), 1U);
  EXPECT_EQ(explanation.maps[0].layer, kGlimpsesLayer);
  EXPECT_FALSE(explanation.maps[0].is_spatial());
  EXPECT_FALSE(explanation.maps[0].is_channels());
  EXPECT_TRUE(torch::equal(explanation.maps[0].values, path.windows.to(torch::kFloat32)));
}

TEST(GlimpsesTest, UndoesTheNormalisationOfWhatWasSeen) {
  for (const std::int64_t channels : {1, 3}) {
    ScriptedGlimpses network = two_steps({2, 2});
    const Batch batch = numbered_batch(channels, 8, 16);
    const Explanation explanation = explain_by_glimpses(network, batch, whichever_layer, {});
    const torch::Tensor& patches = explanation.glimpses->patches;
    ASSERT_EQ(patches.sizes(), torch::IntArrayRef({2, 2, channels, 2, 2}));
    const auto pixels = batch.images[0].to(torch::kFloat32) / 255;
    // Around (8, 4): the middle; around (12, 3): right and up.
    EXPECT_TRUE(torch::allclose(patches[0][0], pixels.slice(1, 3, 5).slice(2, 7, 9), 0, 1e-6));
    EXPECT_TRUE(torch::allclose(patches[1][0], pixels.slice(1, 2, 4).slice(2, 11, 13), 0, 1e-6));
    const auto coarse = torch::avg_pool2d(pixels.slice(1, 1, 5).slice(2, 10, 14), 2);
    EXPECT_TRUE(torch::allclose(patches[1][1], coarse, 0, 1e-6));
  }
}

TEST(GlimpsesTest, ShowsTheColoursOfANetworkThatTakesBlueFirst) {
  ScriptedGlimpses network = two_steps({2, 1});
  Batch batch = numbered_batch(3, 8, 16);
  batch.normalization = std::make_shared<Normalization>(Normalization{{0.1, 0.2, 0.3}, {1, 1, 1}, ChannelOrder::bgr});
  const Explanation explanation = explain_by_glimpses(network, batch, whichever_layer, {});
  const auto pixels = batch.images[0].to(torch::kFloat32) / 255;  // blue, green, red
  EXPECT_TRUE(torch::allclose(explanation.glimpses->patches[0][0], pixels.slice(1, 3, 5).slice(2, 7, 9).flip(0), 0, 1e-6));
}

TEST(GlimpsesTest, OutsideTheImageIsTheMeanColour) {
  ScriptedGlimpses network(torch::tensor({{-1.0F, -1.0F}}), torch::tensor({{0.0F, 1.0F}}), {4, 1});
  const Explanation explanation = explain_by_glimpses(network, numbered_batch(1, 8, 8), whichever_layer, {});
  const auto patch = explanation.glimpses->patches[0][0][0];
  EXPECT_TRUE(torch::allclose(patch.slice(0, 0, 2), torch::full({2, 4}, 0.4F)));
  EXPECT_TRUE(torch::allclose(patch.slice(1, 0, 2), torch::full({4, 2}, 0.4F)));
  EXPECT_LT(patch.slice(0, 2).slice(1, 2).max().item<float>(), 0.1F);
}

TEST(GlimpsesTest, ShowsWhatIsNoColourAsTheNearestOne) {
  ScriptedGlimpses network = two_steps({2, 2});
  Batch batch;
  batch.images = torch::full({1, 1, 8, 8}, 1.5F);
  EXPECT_EQ(explain_by_glimpses(network, batch, whichever_layer, {}).glimpses->patches.min().item<float>(), 1);
  batch.images = -batch.images;
  EXPECT_EQ(explain_by_glimpses(network, batch, whichever_layer, {}).glimpses->patches.max().item<float>(), 0);
  batch.images = torch::full({1, 1, 8, 8}, 10.0F);
  batch.normalization = std::make_shared<Normalization>(Normalization{{0.5}, {0.25}});
  EXPECT_EQ(explain_by_glimpses(network, batch, whichever_layer, {}).glimpses->patches.min().item<float>(), 1);
}

TEST(GlimpsesTest, HasNothingToShowOfOtherNetworksNorLayers) {
  TinyClassifier soft;
  const Explanation none = explain_by_glimpses(soft, tiny_image(), whichever_layer, {});
  EXPECT_TRUE(none.maps.empty());
  EXPECT_FALSE(none.glimpses.has_value());
  EXPECT_EQ(none.predicted, 0);
  ScriptedGlimpses network = two_steps({2, 2});
  const auto other = [](const std::string& layer) { return layer == "other"; };
  const Explanation unwanted = explain_by_glimpses(network, numbered_batch(1, 8, 8), other, {0});
  EXPECT_TRUE(unwanted.maps.empty());
  EXPECT_FALSE(unwanted.glimpses.has_value());
  EXPECT_THAT(unwanted.explained, ElementsAre(0));
}

TEST(GlimpsesTest, OtherMethodsDoNotTakeWhatIsInGlimpsesForMapsOfTheImage) {
  ScriptedGlimpses network = two_steps({2, 2});
  EXPECT_TRUE(explain_by_grad_cam(network, numbered_batch(1, 8, 8), whichever_layer, {}).maps.empty());
  EXPECT_TRUE(explain_by_attention(network, numbered_batch(1, 8, 8), whichever_layer, {}).maps.empty());
}

TEST(GlimpsesTest, RefusesANetworkInTraining) {
  ScriptedGlimpses network = two_steps({2, 2});
  network.train();
  EXPECT_THAT([&] { explain_by_glimpses(network, numbered_batch(1, 8, 8), whichever_layer, {}); },
              ThrowsMessage<InputError>(HasSubstr("expected a network in evaluation mode")));
}

TEST(GlimpsesTest, IsListedAsOneLayer) {
  ScriptedGlimpses network = two_steps({4, 3});
  const std::vector<LayerMap> layers = list_layers(find_method("glimpses", "test"), network, {1, 20, 30, 2});
  ASSERT_EQ(layers.size(), 1U);
  EXPECT_EQ(layers[0].layer, "glimpses");
  EXPECT_EQ(layers[0].values.sizes(), torch::IntArrayRef({2, 3, 4}));
}

/// One step, one scale: a window [a, b) x [c, d) in [-1, 1], and a patch of two colours.
GlimpsePath one_window(double left, double top, double right, double bottom, std::int64_t channels = 1) {
  GlimpsePath path;
  path.locations = torch::tensor({{(left + right) / 2, (top + bottom) / 2}}, torch::kFloat64);
  path.windows =
      torch::tensor({(left + right) / 2, (top + bottom) / 2, (right - left) / 2, (bottom - top) / 2}, torch::kFloat64)
          .view({1, 1, 4});
  path.patches = torch::tensor({0.0F, 0.2F, 0.5F, 1.0F}).view({1, 1, 1, 2, 2}).repeat({1, 1, channels, 1, 1});
  path.probabilities = torch::tensor({{0.25, 0.75}}, torch::kFloat64);
  return path;
}

TEST(PhotoGlimpsesTest, ReadsTheWholeImageAsTheWholePhoto) {
  const std::vector<PhotoGlimpse> glimpses = glimpses_on_photo(one_window(-1, -1, 1, 1), {}, 30, 50);
  ASSERT_EQ(glimpses.size(), 1U);
  EXPECT_EQ(glimpses[0].fixation.x, 25);
  EXPECT_EQ(glimpses[0].fixation.y, 15);
  const Box window = glimpses[0].windows.at(0);
  EXPECT_THAT((std::vector<double>{window.left, window.top, window.right, window.bottom}),
              ::testing::ElementsAre(0, 0, 50, 30));
  EXPECT_THAT(glimpses[0].probabilities, ::testing::ElementsAre(0.25, 0.75));
  EXPECT_EQ(glimpses[0].patches.at(0).pixels, (std::vector<std::uint8_t>{0, 51, 128, 255}));
}

TEST(PhotoGlimpsesTest, UndoesCropAndResize) {
  // A photo halved, of which columns 4 to 13 and rows 3 to 22 were seen.
  const std::vector<PhotoGlimpse> glimpses = glimpses_on_photo(one_window(-1, 0, 0, 1), {4, 3, 2, 2}, 20, 10);
  const Box window = glimpses.at(0).windows.at(0);
  EXPECT_THAT((std::vector<double>{window.left, window.top, window.right, window.bottom}),
              ::testing::ElementsAre(8, 26, 18, 46));
  EXPECT_EQ(glimpses[0].fixation.x, 13);
  EXPECT_EQ(glimpses[0].fixation.y, 36);

  const PhotoGlimpse larger = scaled_glimpses(glimpses, 3, 0.5).at(0);
  EXPECT_THAT((std::vector<double>{larger.windows[0].left, larger.windows[0].top, larger.windows[0].right,
                                   larger.windows[0].bottom, larger.fixation.x, larger.fixation.y}),
              ::testing::ElementsAre(24, 13, 54, 23, 39, 18));
}

TEST(PhotoGlimpsesTest, ShowsPatchesOfGreyAndColourOnly) {
  EXPECT_EQ(glimpses_on_photo(one_window(-1, -1, 1, 1, 3), {}, 8, 8).at(0).patches.at(0).channels, 3);
  EXPECT_THAT([] { glimpses_on_photo(one_window(-1, -1, 1, 1, 2), {}, 8, 8); },
              ThrowsMessage<InputError>(HasSubstr("1 or 3 channels, got 2")));
}

}  // namespace
}  // namespace fovea
