#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/data/relabelled_dataset.h>

#include "made_samples.h"

namespace fovea {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

/// One image per class, of one pixel that is the class's number here.
class ClassesDataset final : public MadeSamples {
 public:
  explicit ClassesDataset(const std::vector<std::string>& names)
      : MadeSamples(std::ssize(names), Image(5, 7, 3), names, [](std::int64_t index) {
          Sample sample{Image(1, 1, 3), index};
          sample.image.pixels.assign(3, static_cast<std::uint8_t>(index));
          return sample;
        }) {}
  std::string name(std::int64_t index) const override { return class_names()[static_cast<std::size_t>(index)] + ".png"; }
  std::optional<std::string> path(std::int64_t index) const override { return "animals/" + name(index); }
  bool skips_unreadable() const override { return true; }
};

std::shared_ptr<const Dataset> classes(std::vector<std::string> names) {
  return std::make_shared<ClassesDataset>(std::move(names));
}

TEST(RelabelledTest, IsTheDatasetItselfWhenNothingDiffers) {
  const auto dataset = classes({"cat", "dog"});
  EXPECT_EQ(relabelled_dataset(dataset, {"cat", "dog"}), dataset);
}

TEST(RelabelledTest, MatchesLabelsByName) {
  const auto dataset = relabelled_dataset(classes({"cat", "dog", "owl"}), {"owl", "ant", "cat", "dog"});
  EXPECT_THAT(dataset->class_names(), ElementsAre("owl", "ant", "cat", "dog"));
  const std::vector<std::int64_t> expected = {2, 3, 0};
  for (std::int64_t index = 0; index < 3; ++index) {
    const std::int64_t label = expected[static_cast<std::size_t>(index)];
    EXPECT_EQ(dataset->label(index), label);
    EXPECT_EQ(dataset->sample(index).label, label);
    EXPECT_EQ(dataset->sample(index).image.at(0, 0, 0), index) << "the image stays";
  }
}

TEST(RelabelledTest, TheOrderAloneIsADifference) {
  const auto dataset = relabelled_dataset(classes({"cat", "dog"}), {"dog", "cat"});
  EXPECT_EQ(dataset->label(0), 1);
  EXPECT_EQ(dataset->label(1), 0);
}

TEST(RelabelledTest, EverythingElseIsTheDatasetsOwn) {
  const auto dataset = relabelled_dataset(classes({"cat", "dog"}), {"ant", "cat", "dog"});
  EXPECT_EQ(dataset->size(), 2);
  EXPECT_EQ(dataset->channels(), 3);
  EXPECT_EQ(dataset->height(), 5);
  EXPECT_EQ(dataset->width(), 7);
  EXPECT_EQ(dataset->name(1), "dog.png");
  EXPECT_EQ(dataset->path(1), "animals/dog.png");
  EXPECT_TRUE(dataset->skips_unreadable());
}

TEST(RelabelledTest, RefusesAClassThatTheModelDoesNotKnow) {
  EXPECT_THAT(
      [] {
        relabelled_dataset(classes({"cat", "dog"}), {"cat", "Dog"});
      },
      ThrowsMessage<InputError>(StrEq("data: expected the model's 2 classes (cat, ...), got a class 'dog'; choose a data "
                                      "set with the classes that the model was trained on")));
  EXPECT_THAT([] { relabelled_dataset(classes({"cat"}), {}); }, ThrowsMessage<InputError>(HasSubstr("got a class 'cat'")));
}

}  // namespace
}  // namespace fovea
