#include <cstdint>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <fovea/base/utf8.h>
#include <fovea/run/internal/overlay_names.h>

namespace fovea {
namespace {

TEST(OverlayNamesTest, AClassIsItsNumberAndItsNameInSafeLetters) {
  EXPECT_EQ(class_file_part(5, "dog"), "5-dog");
  EXPECT_EQ(class_file_part(207, "golden retriever"), "207-golden_retriever");
  EXPECT_EQ(class_file_part(0, "T-shirt/top"), "0-T-shirt_top");
  EXPECT_EQ(class_file_part(1, "../../etc"), "1-______etc");
  EXPECT_EQ(class_file_part(2, "H\xC3\xBCndin"), "2-H\xC3\xBCndin");
  EXPECT_EQ(class_file_part(3, "a\nb\xFF"), "3-a_b_");
  EXPECT_EQ(class_file_part(4, ""), "4-");
}

TEST(OverlayNamesTest, ClassesStayApartWhereUpperAndLowerCaseAreTheSame) {
  std::set<std::string> names;
  std::int64_t label = 0;
  for (const char* name : {"Dog", "dog", "DOG", "d/g", "d:g", ""}) {
    EXPECT_TRUE(names.insert(lower_case(class_file_part(label++, name))).second) << name;
  }
}

TEST(OverlayNamesTest, ALongSelectionIsCutAndStaysItsOwn) {
  EXPECT_EQ(joined_file_part({"layer1", "layer2.0"}), "layer1+layer2.0");
  const std::string endless(400, 'w');
  const std::string one = joined_file_part({endless, "a"}), other = joined_file_part({endless, "b"});
  EXPECT_LE(one.size(), 80U);
  EXPECT_NE(one, other);
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "\xC3\xBC";
  EXPECT_TRUE(is_utf8(class_file_part(12, umlauts)));
  EXPECT_LE(class_file_part(12, umlauts).size(), 80U);
}

}  // namespace
}  // namespace fovea
