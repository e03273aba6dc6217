#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/explain/method.h>

#include "tiny_classifiers.h"

namespace fovea {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

TEST(MethodRegistryTest, EveryRowIsComplete) {
  std::set<std::string> names;
  for (const MethodRow& row : method_registry()) {
    SCOPED_TRACE(row.name);
    EXPECT_TRUE(names.insert(row.name).second);
    EXPECT_FALSE(row.title.empty());
    EXPECT_FALSE(row.help.empty());
    EXPECT_THAT(row.arxiv, MatchesRegex("|[0-9]{4}\\.[0-9]{4,5}"));
    EXPECT_EQ(&find_method(row.name, "test"), &row);
  }
  EXPECT_TRUE(names.contains("attention"));
  EXPECT_TRUE(names.contains("glimpses"));
  EXPECT_TRUE(names.contains("gradcam"));
}

TEST(MethodRegistryTest, AnUnknownNameGetsTheNearest) {
  EXPECT_THAT([] { find_method("gradcan", "--method"); },
              ThrowsMessage<InputError>(AllOf(StartsWith("--method: expected a method (attention"),
                                              HasSubstr("got 'gradcan'; did you mean 'gradcam'?"))));
}

TEST(MethodRegistryTest, EveryMethodKeepsItsPromises) {
  for (const MethodRow& row : method_registry()) {
    SCOPED_TRACE(row.name);
    TinyClassifier classifier;
    const auto every = [](const std::string&) { return true; };
    const Explanation explanation = row.explain(classifier, tiny_image(), every, {2});
    EXPECT_EQ(explanation.predicted, 0);
    EXPECT_THAT(explanation.explained, ElementsAre(2));
    ASSERT_EQ(explanation.probabilities.size(), 3U);
    EXPECT_NEAR(explanation.probabilities[0] + explanation.probabilities[1] + explanation.probabilities[2], 1, 1e-12);
    EXPECT_THROW(row.explain(classifier, tiny_image(), every, {3}), InputError);
  }
}

TEST(ListLayersTest, NamesTheLayersOfEachMethodInOrder) {
  TinyClassifier plain;
  EXPECT_TRUE(list_layers(find_method("attention", "test"), plain, {2, 4, 6, 3}).empty());
  const std::vector<LayerMap> features = list_layers(find_method("gradcam", "test"), plain, {2, 4, 6, 3});
  ASSERT_EQ(features.size(), 2U);
  EXPECT_EQ(features[0].layer, "first");
  EXPECT_EQ(features[1].layer, "second");
  EXPECT_EQ(features[1].values.sizes(), torch::IntArrayRef({4, 6}));

  AttendingClassifier attending;
  const std::vector<LayerMap> gates = list_layers(find_method("attention", "test"), attending, {4, 4, 6, 2});
  ASSERT_EQ(gates.size(), 2U);
  EXPECT_FALSE(gates[0].is_spatial());
  EXPECT_TRUE(gates[1].is_spatial());
  EXPECT_TRUE(list_layers(find_method("gradcam", "test"), attending, {4, 4, 6, 2}).empty());
}

}  // namespace
}  // namespace fovea
