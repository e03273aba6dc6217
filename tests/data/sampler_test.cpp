#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/data/sampler.h>

#include "made_samples.h"

namespace fovea {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

/// Labels alone.
MadeSamples samples_labelled(const std::vector<std::int64_t>& labels) {
  const auto made = [labels](std::int64_t index) { return Sample{Image(1, 1, 1), labels[static_cast<std::size_t>(index)]}; };
  return {std::ssize(labels), Image(1, 1, 1), {"a", "b", "c", "d"}, made};
}

/// Classes of so many images, which are numbered through.
std::vector<Indices> classes_of_sizes(const std::vector<std::int64_t>& sizes) {
  std::vector<Indices> classes;
  std::int64_t next = 0;
  for (const std::int64_t size : sizes) {
    auto& members = classes.emplace_back(static_cast<std::size_t>(size));
    std::iota(members.begin(), members.end(), next);
    next += size;
  }
  return classes;
}

/// Number of times that an epoch uses each image.
std::map<std::int64_t, std::int64_t> uses_of(const EpochOrder& order) {
  std::map<std::int64_t, std::int64_t> uses;
  for (const ImageUse& use : order) ++uses[use.index];
  return uses;
}

std::vector<std::int64_t> uses_of(const std::vector<Indices>& classes, const EpochOrder& order) {
  auto uses = uses_of(order);
  std::vector<std::int64_t> uses_per_class;
  for (const Indices& members : classes) {
    std::int64_t count = 0;
    for (const std::int64_t index : members) count += uses[index];
    uses_per_class.push_back(count);
  }
  return uses_per_class;
}

std::vector<std::pair<std::int64_t, std::int64_t>> pairs_of(const EpochOrder& order) {
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
  for (const auto& [index, repetition] : order) pairs.emplace_back(index, repetition);
  return pairs;
}

TEST(OnceEachTest, KeepsTheOrder) {
  EXPECT_EQ(pairs_of(once_each({5, 2, 9})), (std::vector<std::pair<std::int64_t, std::int64_t>>{{5, 0}, {2, 0}, {9, 0}}));
  EXPECT_THAT(once_each({}), IsEmpty());
}

TEST(GroupByClassTest, LeavesOutClassesWithoutImages) {
  const MadeSamples dataset = samples_labelled({3, 0, 3, 1, 0, 3});
  EXPECT_THAT(group_by_class(dataset, {0, 1, 2, 4, 5}), ElementsAre(Indices{1, 4}, Indices{0, 2, 5}));
  EXPECT_THAT(group_by_class(dataset, {5, 3, 0}), ElementsAre(Indices{3}, Indices{5, 0}));
  EXPECT_THAT(group_by_class(dataset, {}), IsEmpty());
}

TEST(BalancedOrderTest, GivesEveryClassTheSame) {
  const auto classes = classes_of_sizes({6, 1, 2});
  for (std::int64_t epoch = 0; epoch < 20; ++epoch) {
    const EpochOrder order = balanced_order(classes, 4, epoch);
    ASSERT_EQ(order.size(), 9U);
    EXPECT_THAT(uses_of(classes, order), ElementsAre(3, 3, 3));
    auto uses = uses_of(order);
    EXPECT_EQ(uses[6], 3);
    EXPECT_THAT((std::vector{uses[7], uses[8]}), UnorderedElementsAre(1, 2));
    EXPECT_EQ(uses.size(), 6U) << "three of the large class, none of them twice";
  }
}

TEST(BalancedOrderTest, DealsOutWhatIsLeftOver) {
  const auto uses_per_class = [](const std::vector<std::int64_t>& sizes, std::int64_t epoch) {
    const auto classes = classes_of_sizes(sizes);
    return uses_of(classes, balanced_order(classes, 1, epoch));
  };
  EXPECT_THAT(uses_per_class({5, 1, 1}, 0), ElementsAre(3, 2, 2));
  EXPECT_THAT(uses_per_class({5, 1, 1}, 1), ElementsAre(2, 3, 2));
  EXPECT_THAT(uses_per_class({5, 1, 1}, 2), ElementsAre(2, 2, 3));
  EXPECT_THAT(uses_per_class({5, 1, 1}, 3), ElementsAre(3, 2, 2));
  EXPECT_THAT(uses_per_class({6, 1, 1}, 0), ElementsAre(3, 3, 2));
  EXPECT_THAT(uses_per_class({6, 1, 1}, 1), ElementsAre(3, 2, 3));
  EXPECT_THAT(uses_per_class({6, 1, 1}, 2), ElementsAre(2, 3, 3));
}

TEST(BalancedOrderTest, UsesTheImagesOfAClassAlike) {
  for (const std::vector<std::int64_t>& sizes :
       {std::vector<std::int64_t>{40, 7, 3, 1}, {2, 2, 90}, {1, 30}, {13}, {1, 1, 1}}) {
    const auto classes = classes_of_sizes(sizes);
    const std::int64_t images = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
    std::vector<std::int64_t> sums(classes.size());
    for (std::int64_t epoch = 0; epoch < std::ssize(classes); ++epoch) {
      const EpochOrder order = balanced_order(classes, 2, epoch);
      ASSERT_EQ(std::ssize(order), images);
      auto uses = uses_of(order);
      const auto uses_per_class = uses_of(classes, order);
      for (std::size_t number = 0; number < classes.size(); ++number) {
        sums[number] += uses_per_class[number];
        for (const std::int64_t index : classes[number]) {
          EXPECT_GE(uses[index], uses_per_class[number] / sizes[number]);
          EXPECT_LE(uses[index], (uses_per_class[number] + sizes[number] - 1) / sizes[number]);
        }
      }
    }
    for (const std::int64_t sum : sums) EXPECT_EQ(sum, images) << "after as many epochs as classes";
  }
}

TEST(BalancedOrderTest, NumbersTheUsesOfAnImage) {
  auto pairs = pairs_of(balanced_order(classes_of_sizes({5, 1, 2}), 3, 0));
  std::sort(pairs.begin(), pairs.end());
  std::map<std::int64_t, std::int64_t> next;
  for (const auto& [index, repetition] : pairs) EXPECT_EQ(repetition, next[index]++) << "image " << index;
  EXPECT_EQ(next[5], 3);  // the class of one image
}

TEST(BalancedOrderTest, DependsOnSeedAndEpoch) {
  const auto classes = classes_of_sizes({60, 20, 5});
  const auto order = [&](std::uint64_t seed, std::int64_t epoch) { return pairs_of(balanced_order(classes, seed, epoch)); };
  EXPECT_EQ(order(1, 1), order(1, 1));
  EXPECT_NE(order(1, 1), order(1, 2));
  EXPECT_NE(order(1, 1), order(2, 1));
  EXPECT_NE(uses_of(balanced_order(classes, 1, 1)), uses_of(balanced_order(classes, 1, 4)));  // other images too
}

TEST(BalancedOrderTest, EdgeCases) {
  EXPECT_THAT(balanced_order({}, 1, 1), IsEmpty());
  EXPECT_THAT(pairs_of(balanced_order({{7}}, 1, 5)), ElementsAre(std::pair<std::int64_t, std::int64_t>(7, 0)));
}

TEST(BalancedOrderTest, FavoursNoImageAndNoPlace) {
  // An epoch uses 4 of the 10 images of the large class, and any class comes first: binomial over independent epochs.
  constexpr int kEpochs = 3000;
  const auto classes = classes_of_sizes({10, 1, 1});
  std::vector<double> uses(12);
  std::vector<double> at_the_front(3);
  for (std::int64_t epoch = 0; epoch < kEpochs; ++epoch) {
    const EpochOrder order = balanced_order(classes, 9, epoch);
    for (const ImageUse& use : order) ++uses[static_cast<std::size_t>(use.index)];
    ++at_the_front[static_cast<std::size_t>(std::max<std::int64_t>(order.front().index - 9, 0))];
  }
  const auto sigma = [](double probability) { return std::sqrt(kEpochs * probability * (1 - probability)); };
  for (std::size_t index = 0; index < 10; ++index) EXPECT_NEAR(uses[index], kEpochs * 0.4, 5 * sigma(0.4)) << index;
  for (const double count : at_the_front) EXPECT_NEAR(count, kEpochs / 3.0, 5 * sigma(1.0 / 3));
}

}  // namespace
}  // namespace fovea
