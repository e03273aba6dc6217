#include <string>

#include <gtest/gtest.h>

#include <fovea/base/error.h>

namespace fovea {
namespace {

TEST(ErrorTest, IsOneLineOfThreeParts) {
  EXPECT_STREQ(InputError("a.yaml", "a number", "'x'").what(), "a.yaml: expected a number, got 'x'");
  EXPECT_STREQ(InputError("a.yaml", "a number", "'x'", "fix it").what(), "a.yaml: expected a number, got 'x'; fix it");
  EXPECT_STREQ(Error("two\nlines\x7F").what(), "two\\nlines\\x7f");
}

TEST(ErrorTest, TruncatesALongTextBetweenCharacters) {
  EXPECT_EQ(Error(std::string(1000, 'a')).what(), std::string(1000, 'a'));
  EXPECT_EQ(Error(std::string(2000, 'a')).what(), std::string(1000, 'a') + "...");
  EXPECT_EQ(Error(std::string(999, 'a') + "猫 and more").what(), std::string(999, 'a') + "...");
}

}  // namespace
}  // namespace fovea
