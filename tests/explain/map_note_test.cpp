#include <limits>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/explain/map_note.h>

namespace fovea {
namespace {

LayerMap map_of(const torch::Tensor& values, bool explains_class) {
  LayerMap map{"layer4", Meaning::none, values};
  if (explains_class) map.label = 3;
  return map;
}

TEST(MapNoteTest, AMapOfAClassThatIsTheSameEverywhereExplainsNothing) {
  const auto note = [](const torch::Tensor& values) { return map_note(map_of(values, true), "dog"); };
  EXPECT_EQ(note(torch::zeros({2, 3})), "no position of layer4 raises the score of 'dog' for this photo");
  EXPECT_EQ(note(torch::full({2, 3}, 0.3F)), "the map of layer4 for 'dog' is the same at every position");
  EXPECT_EQ(note(torch::ones({1, 1})), "the map of layer4 for 'dog' is the same at every position");
  const auto rounded = torch::full({2, 3}, 0.3F);
  rounded[0][0] *= 1 + 2 * std::numeric_limits<float>::epsilon();
  EXPECT_NE(note(rounded), "") << "differences of rounding";
  rounded[0][0] = 0.3001F;
  EXPECT_EQ(note(rounded), "");
}

TEST(MapNoteTest, UniformAttentionIsLegitimate) {
  EXPECT_EQ(map_note(map_of(torch::full({2, 3}, 1.0F / 6), false), ""), "");
  EXPECT_EQ(map_note(map_of(torch::zeros({2, 3}), false), ""), "") << "a closed gate";
  EXPECT_EQ(map_note(map_of(torch::zeros({5}), false), ""), "") << "channels";
}

TEST(MapNoteTest, ValuesThatAreNotFiniteShowNothing) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const auto values = torch::ones({2, 3});
    values[1][2] = bad;
    EXPECT_EQ(kind_of_values(values), MapValues::not_finite);
    EXPECT_EQ(map_note(map_of(values, true), "dog"),
              "the map of layer4 for 'dog' has values that are not finite, so it shows nothing");
    EXPECT_EQ(map_note(map_of(values, false), ""), "the map of layer4 has values that are not finite, so it shows nothing");
  }
}

}  // namespace
}  // namespace fovea
