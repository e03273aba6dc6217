#include <string>

#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/base/printable.h>

namespace fovea {
namespace {

TEST(PrintableTest, OrdinaryTextOfEveryLanguageIsUnchanged) {
  for (const char* text :
       {"", "layer1.0.conv1.weight", "Zürich", "猫", "🦆", "שלום", "می‌خواهم", "C:\\n", "a 'b' \"c\""}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(PrintableTest, AClassNameCannotForgeALineOrColourTheTerminal) {
  EXPECT_EQ(printable("cat\nfovea: error: x"), "cat\\nfovea: error: x");
  EXPECT_EQ(printable("\r\t"), "\\r\\t");
  EXPECT_EQ(printable("\x1b[31mred\x7f"), "\\x1b[31mred\\x7f");
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("\u009b31m"), "\\u009b31m") << "the one-character form of the escape";
  EXPECT_EQ(printable("\u0085"), "\\u0085") << "a line break in Unicode";
}

TEST(PrintableTest, TextCannotChangeItsDirectionOrHide) {
  EXPECT_EQ(printable("\u202Egpj.exe"), "\\u202egpj.exe");
  EXPECT_EQ(printable("a\u2028b\u2066c\u200Fd\u061Ce\u200Bf\uFEFF"), "a\\u2028b\\u2066c\\u200fd\\u061ce\\u200bf\\ufeff");
  EXPECT_EQ(printable("\U000E0041"), "\\U000e0041");
  EXPECT_EQ(printable("\xEF\xBF\xBF"), "\\uffff");
}

TEST(PrintableTest, BytesThatAreNoUtf8AreNamed) {
  EXPECT_EQ(printable("caf\xE9.pth"), "caf\\xe9.pth");
  EXPECT_EQ(printable("\xE7\x8Cz"), "\\xe7\\x8cz");
  EXPECT_EQ(printable("\xC0\xAF"), "\\xc0\\xaf");
}

TEST(PrintableTest, ErrorsArePrintable) {
  EXPECT_STREQ(Error("\u009b'\u202Ex'\xFF").what(), "\\u009b'\\u202ex'\\xff");
}

}  // namespace
}  // namespace fovea
