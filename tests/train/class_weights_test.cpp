#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/train/class_weights.h>

namespace fovea {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

/// The section that holds the key.
struct WeightedSection {
  ClassWeightsField class_weights;
  void visit_fields(FieldVisitor& fields) { fields.custom("class_weights", class_weights, "per class"); }
};

/// Reads `train: yaml` of a file "a.yaml", with --set options.
ClassWeightsField class_weights_of(const std::string& yaml, const std::vector<std::string>& settings = {}) {
  ConfigNode root = parse_yaml("train: " + yaml, "a.yaml");
  for (const std::string& setting : settings) apply_setting(root, setting);
  WeightedSection section;
  read_fields(section, *root.find("train"), "train");
  return section.class_weights;
}

std::string complaint_about(const std::string& yaml, const std::vector<std::string>& settings = {}) {
  try {
    class_weights_of(yaml, settings);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ClassWeightsTest, NoneIsTheDefault) {
  for (const char* yaml : {"{}", "{class_weights: none}", "{class_weights: }"}) {
    ClassWeightsField field = class_weights_of(yaml);
    EXPECT_THAT(field.weights(std::vector<std::int64_t>{3, 1}), IsEmpty()) << yaml;
    EXPECT_EQ(field.write(), Json("none"));
  }
}

TEST(ClassWeightsTest, BalancedMakesRareClassesCountMore) {
  ClassWeightsField field = class_weights_of("{class_weights: balanced}");
  // 12 images, 3 classes have any: 12 / (3 * 8), 12 / (3 * 1), none, 12 / (3 * 3).
  const auto weights = field.weights(std::vector<std::int64_t>{8, 1, 0, 3});
  EXPECT_THAT(weights, ElementsAre(0.5, 4, 0, DoubleEq(4.0 / 3)));
  EXPECT_DOUBLE_EQ((8 * weights[0] + 1 * weights[1] + 3 * weights[3]) / 12, 1);
  EXPECT_THAT(field.weights(std::vector<std::int64_t>{7, 7}), ElementsAre(1, 1));
  EXPECT_THAT(field.weights(std::vector<std::int64_t>{0, 0}), ElementsAre(0, 0));
  EXPECT_THAT(field.weights({}), IsEmpty());
  EXPECT_EQ(field.write(), Json("balanced"));
}

TEST(ClassWeightsTest, AListIsTakenAsItIs) {
  ClassWeightsField field = class_weights_of("{class_weights: [1, 2.5, 0.1]}");
  EXPECT_THAT(field.weights(std::vector<std::int64_t>{9, 0, 4}), ElementsAre(1, 2.5, 0.1));
  EXPECT_EQ(field.write(), Json({1.0, 2.5, 0.1}));
}

TEST(ClassWeightsTest, AListHasAWeightPerClass) {
  const ClassWeightsField field = class_weights_of("\n  class_weights: [1, 2]");
  EXPECT_THAT(
      [&] {
        field.weights(std::vector<std::int64_t>{4, 4, 4});
      },
      ThrowsMessage<InputError>(StrEq("a.yaml:2: train.class_weights: expected 3 numbers, one per class, got 2")));
  EXPECT_THAT([&] { field.weights(std::vector<std::int64_t>{4}); }, ThrowsMessage<InputError>(HasSubstr("got 2")));
}

TEST(ClassWeightsTest, SettingsReplaceWhatTheFileSays) {
  const std::vector<std::int64_t> counts = {3, 1};
  for (const char* yaml : {"{}", "{class_weights: none}", "{class_weights: balanced}", "{class_weights: [3, 4, 5]}"}) {
    EXPECT_THAT(class_weights_of(yaml, {"train.class_weights=[1,2]"}).weights(counts), ElementsAre(1, 2)) << yaml;
    EXPECT_THAT(class_weights_of(yaml, {"train.class_weights=none"}).weights(counts), IsEmpty()) << yaml;
    EXPECT_THAT(class_weights_of(yaml, {"train.class_weights=balanced"}).weights(counts), ElementsAre(DoubleEq(2.0 / 3), 2))
        << yaml;
  }
  EXPECT_THAT(class_weights_of("{class_weights: [1, 2]}", {"train.class_weights.1=7"}).weights(counts), ElementsAre(1, 7));
}

TEST(ClassWeightsTest, WhatIsWrittenReadsBack) {
  for (const char* yaml : {"none", "balanced", "[1, 0.30000000000000004]", "[2]"}) {
    ClassWeightsField field = class_weights_of(std::string("{class_weights: ") + yaml + "}");
    ClassWeightsField again;
    again.read(parse_yaml(to_yaml(Json{{"key", field.write()}}), "b.yaml").map.at(0).value, "train.class_weights");
    EXPECT_EQ(again.write(), field.write()) << yaml;
  }
}

TEST(ClassWeightsTest, ReadingReplacesWhatWasThere) {
  ClassWeightsField field = class_weights_of("{class_weights: [1, 2]}");
  field.read(parse_yaml("none", "b.yaml"), "train.class_weights");
  EXPECT_EQ(field.write(), Json("none"));
}

TEST(ClassWeightsTest, RefusesWhatIsNoWeight) {
  EXPECT_EQ(
      complaint_about("{class_weights: equal}"),
      "a.yaml:1: train.class_weights: expected none, balanced or a list with a positive number per class, got 'equal'");
  EXPECT_THAT(complaint_about("{class_weights: 2}"), HasSubstr("train.class_weights: expected none, balanced or a list"));
  EXPECT_THAT(complaint_about("{class_weights: {a: 1}}"), HasSubstr("got a map"));
  EXPECT_THAT(complaint_about("{class_weights: balanced}", {"train.class_weights.0=1"}), HasSubstr("got a map"));
  EXPECT_THAT(complaint_about("{class_weights: [1, 0]}"), HasSubstr("train.class_weights: expected a list of"));
  for (const char* list : {"[]", "[-1]", "[1, .nan]", "[1, inf]", "[a]", "[[1]]", "[1, none]"}) {
    EXPECT_THAT(complaint_about(std::string("{class_weights: ") + list + "}"), HasSubstr("each a number > 0, got ")) << list;
  }
}

}  // namespace
}  // namespace fovea
