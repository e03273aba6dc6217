#include <string>

#include <gtest/gtest.h>

#include <fovea/base/unicode_form.h>

namespace fovea {
namespace {

// Expected values are those of Python's unicodedata.normalize("NFC", ...).

TEST(ComposedFormTest, JoinsLettersAndMarks) {
  EXPECT_EQ(composed_form("cafe\u0301"), "caf\u00E9");
  EXPECT_EQ(composed_form("caf\u00E9"), "caf\u00E9");
  EXPECT_EQ(composed_form("A\u030Angstro\u0308m"), "\u00C5ngstr\u00F6m");
  EXPECT_EQ(composed_form("\u212B"), "\u00C5");              // another code for the letter
  EXPECT_EQ(composed_form("\u0438\u0306"), "\u0439");        // Cyrillic
  EXPECT_EQ(composed_form("\u304B\u3099"), "\u304C");        // kana
  EXPECT_EQ(composed_form("\u1112\u1161\u11AB"), "\uD55C");  // Hangul
  EXPECT_EQ(composed_form("\uD55C"), "\uD55C");
  EXPECT_EQ(composed_form("e\u0302\u0323"), "\u1EC7");  // marks in another order
  EXPECT_EQ(composed_form("\u00EA\u0323"), "\u1EC7");
}

TEST(ComposedFormTest, KeepsWhatDoesNotCompose) {
  for (const std::string text : {"", "cat", "a b_c", "\u0915\u093C", "x\u0301", "\u4E2D\u6587", "\U0001F408", "\u0301",
                                 "q\u0323\u0301", "caf\xE9", "\xC3", "\xED\xA0"}) {
    EXPECT_EQ(composed_form(text), text);
  }
  EXPECT_EQ(composed_form("\u0958"), "\u0915\u093C");  // excluded from composition by Unicode
}

}  // namespace
}  // namespace fovea
