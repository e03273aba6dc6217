// `fovea overlay` of a glimpse network.

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/image/encode.h>

#include "glimpse_program.h"
#include "image_bytes.h"

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// The glimpse network, and a photo of another size than its canvas.
class GlimpseOverlay : public GlimpseProgram {
 protected:
  static void SetUpTestSuite() {
    GlimpseProgram::SetUpTestSuite();
    Image photo(30, 47, 3);
    for (std::size_t i = 0; i < photo.pixels.size(); ++i) photo.pixels[i] = static_cast<std::uint8_t>(i * i % 253);
    write("photo.png", encoded::png(photo, 1));
    write("turned.png", encoded::png(photo, 6));
  }
};

TEST_F(GlimpseOverlay, LeavesAPictureAPanelAndAnAnimation) {
  const Json entries = overlay_json({"photo.png", "--out", "out"});
  ASSERT_EQ(entries.size(), 1U);
  const Json& entry = entries[0];
  EXPECT_EQ(entry["method"], "glimpses");
  EXPECT_EQ(entry["layer"], "glimpses");
  EXPECT_EQ(entry["class"], entry["predicted"]);
  EXPECT_EQ(entry["output"], "out/photo.glimpses.png");
  EXPECT_EQ(entry["panel"], "out/photo.glimpses.panel.png");
  EXPECT_EQ(entry["animation"], "out/photo.glimpses.webp");
  EXPECT_TRUE(entry["map"].is_null());
  const Image drawn = picture("out/photo.glimpses.png");
  EXPECT_EQ(std::pair(drawn.height, drawn.width), std::pair(30, 47));
  EXPECT_NE(drawn.pixels, picture("photo.png").pixels);
  EXPECT_GT(picture("out/photo.glimpses.panel.png").width, 400);
  EXPECT_GT(picture("out/contact_sheet.glimpses.png").width, 400);
  const std::string animation = text("out/photo.glimpses.webp");
  EXPECT_THAT(animation, StartsWith("RIFF"));
  EXPECT_THAT(animation.substr(0, 100), HasSubstr("ANIM"));
}

TEST_F(GlimpseOverlay, WritesWhereItLooked) {
  const Json entries = overlay_json({"photo.png", "turned.png", "--maps", "--out", "maps"});
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0]["map"], "maps/photo.glimpses.npy");
  const Json upright = Json::parse(text("maps/photo.glimpses.json"));
  const Json turned = Json::parse(text("maps/turned.glimpses.json"));
  EXPECT_EQ(upright["shape"], Json::array({4, 2, 4}));
  EXPECT_EQ(upright["fixations"][0], Json::array({23.5, 15.0}));  // the first one: the centre, x first
  EXPECT_EQ(turned["fixations"][0], Json::array({15.0, 23.5}));
  EXPECT_EQ(turned["photo"], Json::parse(R"({"height": 47, "width": 30})"));
  EXPECT_EQ(upright["locations"][0], Json::array({0.0, 0.0}));
  ASSERT_EQ(upright["probabilities"].size(), 4U);
  double sum = 0;
  for (const Json& probability : upright["probabilities"][3]) sum += probability.get<double>();
  EXPECT_NEAR(sum, 1, 1e-9);
  EXPECT_NEAR(upright["probabilities"][3][upright["class"].get<std::size_t>()], upright["probability"], 1e-6);
}

TEST_F(GlimpseOverlay, FollowsTheGivenClass) {
  ASSERT_EQ(overlay_json({"photo.png", "--maps", "--out", "plain"}).size(), 1U);
  const Json about = Json::parse(text("plain/photo.glimpses.json"));
  const auto last = about["probabilities"].back().get<std::vector<double>>();
  const auto least = std::min_element(last.begin(), last.end()) - last.begin();
  const Json entry = overlay_json({"photo.png", "--class", std::to_string(least), "--out", "least"})[0];
  EXPECT_EQ(entry["class"], least);
  EXPECT_EQ(entry["predicted"], about["class"]);
  EXPECT_EQ(picture(entry["output"]).pixels, picture("plain/photo.glimpses.png").pixels);
  EXPECT_NE(picture(entry["panel"]).pixels, picture("plain/photo.glimpses.panel.png").pixels);
}

TEST_F(GlimpseOverlay, MarksTheGivenClass) {
  overlay_json({"photo.png", "--maps", "--out", "first"});
  const Json about = Json::parse(text("first/photo.glimpses.json"));
  const auto last = about["probabilities"].back().get<std::vector<double>>();
  std::vector<std::size_t> order(last.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return last[a] > last[b]; });
  const Json same_entry = overlay_json({"photo.png", "--class", std::to_string(order[0]), "--out", "first"})[0];
  const Json second_entry =
      overlay_json({"photo.png", "--class", std::to_string(order[1]), "--out", "first"})[0];  // in any case
  EXPECT_EQ(picture(same_entry["panel"]).pixels, picture("first/photo.glimpses.panel.png").pixels);
  const Image first = picture("first/photo.glimpses.panel.png"), second = picture(second_entry["panel"]);
  EXPECT_EQ(std::pair(second.height, second.width), std::pair(first.height, first.width));
  EXPECT_NE(second.pixels, first.pixels);
}

TEST_F(GlimpseOverlay, FollowsSeveralClassesInOnePanel) {
  const Json entries = overlay_json({"photo.png", "--class", "8", "--class", "2", "--out", "several"});
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0]["class"], 8);
  EXPECT_EQ(entries[1]["class"], 2);
  EXPECT_EQ(entries[0]["panel"], entries[1]["panel"]);
  EXPECT_TRUE(exists(entries[0]["panel"]));
}

TEST_F(GlimpseOverlay, TakesItsColoursFromAMap) {
  ASSERT_EQ(overlay_json({"photo.png", "--colors", "viridis", "--out", "viridis"}).size(), 1U);
  ASSERT_EQ(overlay_json({"photo.png", "--out", "inferno"}).size(), 1U);
  EXPECT_NE(picture("viridis/photo.glimpses.png").pixels, picture("inferno/photo.glimpses.png").pixels);
}

TEST_F(GlimpseOverlay, NamesAPhotoThatIsTooLarge) {
  write_png(path("long.png"), Image(2, 40000, 3));
  EXPECT_THAT(overlay_error({"long.png", "--out", "long"}),
              HasSubstr("long.png: expected sides of at most 32767 pixels to draw glimpses on, got 2 x 40000; make"));
  EXPECT_FALSE(exists("long/long.glimpses.png"));
  const Finished both = run({"overlay", "run", "long.png", "photo.png", "--out", "both"});
  EXPECT_THAT(both.error, HasSubstr("long.png: expected"));
  EXPECT_TRUE(exists("both/photo.glimpses.webp"));
}

TEST_F(GlimpseOverlay, ListsItsGlimpsesAsALayer) {
  const Json layers = overlay_json({"--layer", "list"});
  ASSERT_EQ(layers.size(), 1U);
  EXPECT_EQ(layers[0]["kind"], "glimpses");
  EXPECT_EQ(layers[0]["shape"], Json::array({4, 2, 4}));
  EXPECT_THAT(run({"overlay", "run", "--layer", "list"}).out, HasSubstr("4 glimpses of 2 scales"));
  EXPECT_EQ(overlay_json({"photo.png", "--layer", "all", "--out", "all"}).size(), 1U);
}

TEST_F(GlimpseOverlay, RefusesWhatGlimpsesAreNot) {
  EXPECT_THAT(overlay_error({"photo.png", "--method", "gradcam"}), HasSubstr("got one without; use method glimpses"));
  EXPECT_THAT(overlay_error({"photo.png", "--method", "attention"}), HasSubstr("got one without; use method glimpses"));
  EXPECT_THAT(overlay_error({"photo.png", "--range", "0", "1"}), HasSubstr("range: expected a layer with a spatial map"));
  EXPECT_THAT(overlay_error({"photo.png", "--opacity", "0.3"}), HasSubstr("opacity: expected a layer with a spatial map"));
  EXPECT_THAT(overlay_error({"photo.png", "--layer", "glimpse"}), HasSubstr("did you mean 'glimpses'?"));
}

}  // namespace
}  // namespace fovea
