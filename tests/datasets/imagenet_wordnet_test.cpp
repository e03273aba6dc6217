#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <fovea/datasets/imagenet_classes.h>
#include <fovea/datasets/imagenet_wordnet.h>

namespace fovea {
namespace {

TEST(ImagenetWordnetTest, FindsTheClassOfAFolder) {
  const auto name_of = [](const std::string& folder) {
    return imagenet_classes()[static_cast<std::size_t>(*imagenet_class_of(folder))];
  };
  EXPECT_EQ(name_of("n01440764"), "tench");
  EXPECT_EQ(name_of("n02123045"), "tabby");
  EXPECT_EQ(name_of("n02085620-Chihuahua"), "Chihuahua");
  EXPECT_EQ(name_of("N03594945"), "jeep");
  EXPECT_EQ(name_of("n07753592"), "banana");
  EXPECT_EQ(name_of("n15075141"), "toilet tissue");
}

TEST(ImagenetWordnetTest, KnowsNoOther) {
  for (const char* name : {"", "n", "n0144076", "n014407640", "n01440765", "01440764", "tench", "n01440764a"}) {
    EXPECT_EQ(imagenet_class_of(name), std::nullopt) << name;
  }
}

TEST(ImagenetWordnetTest, NamesEveryClass) {
  for (std::int64_t label = 0; label < 1000; ++label) EXPECT_EQ(imagenet_class_of(imagenet_wordnet_id(label)), label);
  EXPECT_EQ(imagenet_wordnet_id(0), "n01440764");
}

}  // namespace
}  // namespace fovea
