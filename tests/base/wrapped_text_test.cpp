#include <gtest/gtest.h>

#include <fovea/base/wrapped_text.h>

namespace fovea {
namespace {

TEST(WrappedTextTest, BreaksAtSpacesBeforeALineBecomesTooLong) {
  EXPECT_EQ(wrapped_text("aa bb cc", 5), "aa bb\ncc");
  EXPECT_EQ(wrapped_text("aa bb cc", 8), "aa bb cc");
  EXPECT_EQ(wrapped_text("aa bb cc", 7), "aa bb\ncc");
  EXPECT_EQ(wrapped_text("aa bb cc", 4, "  "), "aa\n  bb\n  cc");
  EXPECT_EQ(wrapped_text("", 4, "  "), "");
}

TEST(WrappedTextTest, AWordThatIsTooLongHasALineOfItsOwn) {
  EXPECT_EQ(wrapped_text("a bbbbbb c", 3), "a\nbbbbbb\nc");
}

TEST(WrappedTextTest, CountsCharactersNotBytes) {
  EXPECT_EQ(wrapped_text("ää öö", 5), "ää öö");
}

}  // namespace
}  // namespace fovea
