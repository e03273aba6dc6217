#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/utf8.h>

namespace fovea {
namespace {

using ::testing::ElementsAre;

const std::string kUnknown = "\uFFFD";

TEST(Utf8Test, KeepsWellFormedText) {
  for (const std::string text : {"", "tabby cat", "naïve façade", "猫", "\U0001F408"}) {
    EXPECT_EQ(displayable_utf8(text), text);
  }
  EXPECT_EQ(displayable_utf8("\uD7FF\uE000\uFFFD\U0010FFFD"), "\uD7FF\uE000\uFFFD\U0010FFFD");  // beside the forbidden
}

TEST(Utf8Test, ReplacesEachByteOutsideACharacter) {
  EXPECT_EQ(displayable_utf8("a\x80z"), "a" + kUnknown + "z");                  // a continuation of nothing
  EXPECT_EQ(displayable_utf8("\xC3"), kUnknown);                                // cut off
  EXPECT_EQ(displayable_utf8("\xE7\x8C"), kUnknown + kUnknown);                 // cut off later
  EXPECT_EQ(displayable_utf8("\xE7\x8Cz"), kUnknown + kUnknown + "z");          // another character inside
  EXPECT_EQ(displayable_utf8("\xFF\xFE"), kUnknown + kUnknown);                 // in no character
  EXPECT_EQ(displayable_utf8("caf\xE9"), "caf" + kUnknown);                     // Latin-1
  EXPECT_EQ(displayable_utf8("\xC0\xAF"), kUnknown + kUnknown);                 // overlong '/'
  EXPECT_EQ(displayable_utf8("\xE0\x80\xAF"), kUnknown + kUnknown + kUnknown);  // overlong '/'
  EXPECT_EQ(displayable_utf8("\xF0\x80\x80\xAF"), kUnknown + kUnknown + kUnknown + kUnknown);
  EXPECT_EQ(displayable_utf8("\xED\xA0\x80"), kUnknown + kUnknown + kUnknown);                 // half a surrogate pair
  EXPECT_EQ(displayable_utf8("\xF4\x90\x80\x80"), kUnknown + kUnknown + kUnknown + kUnknown);  // above U+10FFFF
}

TEST(Utf8Test, ReplacesWhatIsNoLetter) {
  EXPECT_EQ(displayable_utf8("a\nb\tc\x7F"), "a" + kUnknown + "b" + kUnknown + "c" + kUnknown);
  EXPECT_EQ(displayable_utf8(std::string("a\0b", 3)), "a" + kUnknown + "b");
  EXPECT_EQ(displayable_utf8("\u0085"), kUnknown + kUnknown);                   // a line break in Unicode
  EXPECT_EQ(displayable_utf8("\xEF\xBF\xBF"), kUnknown + kUnknown + kUnknown);  // U+FFFF, at which Cairo stops drawing
  EXPECT_EQ(displayable_utf8("\xEF\xB7\x90"), kUnknown + kUnknown + kUnknown);  // U+FDD0
}

TEST(Utf8Test, CountsCharacters) {
  EXPECT_THAT(character_starts(""), ElementsAre(0));
  EXPECT_THAT(character_starts("aé猫z"), ElementsAre(0, 1, 3, 6, 7));
}

TEST(Utf8Test, TruncatesBetweenCharacters) {
  EXPECT_EQ(truncated_utf8("abc", 3), "abc");
  EXPECT_EQ(truncated_utf8("abcd", 3), "abc");
  EXPECT_EQ(truncated_utf8("aé", 2), "a");
  EXPECT_EQ(truncated_utf8("a猫z", 3), "a");
  EXPECT_EQ(truncated_utf8("a猫z", 4), "a猫");
  EXPECT_EQ(truncated_utf8("\U0001F408", 3), "");
  EXPECT_EQ(truncated_utf8("\U0001F408", 0), "");
  EXPECT_EQ(truncated_utf8("\x80\x80\x80\x80\x80\x80", 5), "\x80\x80\x80\x80\x80");  // no UTF-8
}

TEST(LowerCaseTest, ChangesLettersOfAsciiAlone) {
  EXPECT_EQ(lower_case("Train_2 [AZ]"), "train_2 [az]");
  EXPECT_EQ(lower_case("\u00C4\u0130"), "\u00C4\u0130");
}

}  // namespace
}  // namespace fovea
