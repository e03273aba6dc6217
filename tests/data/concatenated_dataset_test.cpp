#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/data/concatenated_dataset.h>

namespace fovea {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Images of one pixel, whose value and label is their index after a first number.
class Numbers final : public Dataset {
 public:
  Numbers(int first, int count, int side = 1, std::vector<std::string> classes = {"even", "odd"})
      : first_(first), count_(count), side_(side), classes_(std::move(classes)) {}

  std::int64_t size() const override { return count_; }
  Sample sample(std::int64_t index) const override {
    Image image(side_, side_, 1);
    image.at(0, 0, 0) = static_cast<std::uint8_t>(first_ + index);
    return {std::move(image), label(index)};
  }
  std::int64_t label(std::int64_t index) const override { return (first_ + index) % 2; }
  const std::vector<std::string>& class_names() const override { return classes_; }
  int channels() const override { return 1; }
  int height() const override { return side_; }
  int width() const override { return side_; }
  std::string name(std::int64_t index) const override { return "number " + std::to_string(first_ + index); }
  std::optional<std::string> path(std::int64_t index) const override { return std::to_string(first_ + index) + ".png"; }
  std::vector<SkippedFiles> skipped_files() const override { return {{std::to_string(first_), {{".gif", 1}}}}; }

 private:
  int first_, count_, side_;
  std::vector<std::string> classes_;
};

TEST(ConcatenatedDatasetTest, HasTheSamplesOfAllParts) {
  const auto all = concatenated_dataset({{std::make_shared<Numbers>(10, 3), {0, 2}},
                                         {std::make_shared<Numbers>(0, 1), {}},
                                         {std::make_shared<Numbers>(21, 2), {1}}});
  ASSERT_EQ(all->size(), 3);
  std::vector<std::string> names;
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < all->size(); ++i) {
    names.push_back(all->name(i));
    labels.push_back(all->label(i));
    EXPECT_EQ("number " + std::to_string(all->sample(i).image.at(0, 0, 0)), names.back());
  }
  EXPECT_THAT(names, ElementsAre("number 10", "number 12", "number 22"));
  EXPECT_THAT(labels, ElementsAre(0, 0, 0));
  EXPECT_EQ(all->height(), 1);
  EXPECT_EQ(all->path(1), "12.png");
  EXPECT_EQ(all->path(2), "22.png");
  EXPECT_EQ(all->skipped_files().size(), 3U);
  EXPECT_THROW(all->sample(3), InputError);
  EXPECT_THROW(all->label(-1), InputError);
}

TEST(ConcatenatedDatasetTest, SizesMayDifferAndClassesMayNot) {
  EXPECT_EQ(
      concatenated_dataset({{std::make_shared<Numbers>(0, 1), {0}}, {std::make_shared<Numbers>(0, 1, 2), {0}}})->width(), 0);
  EXPECT_THROW(concatenated_dataset({}), InputError);
  EXPECT_THAT(
      [] {
        concatenated_dataset({{std::make_shared<Numbers>(0, 1), {0}},
                              {std::make_shared<Numbers>(0, 1, 1, std::vector<std::string>{"a", "b"}), {0}}});
      },
      ThrowsMessage<InputError>(HasSubstr("the same classes")));
}

}  // namespace
}  // namespace fovea
