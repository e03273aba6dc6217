#include <gtest/gtest.h>

#include <fovea/base/csv.h>

namespace fovea {
namespace {

TEST(CsvTest, QuotesWhatCsvRequires) {
  EXPECT_EQ(csv_cell("plain 'text'; with\ttabs"), "plain 'text'; with\ttabs");
  EXPECT_EQ(csv_cell("cat, wild"), "\"cat, wild\"");
  EXPECT_EQ(csv_cell("say \"miaow\""), "\"say \"\"miaow\"\"\"");
  EXPECT_EQ(csv_cell("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(csv_cell("\r"), "\"\r\"");
  EXPECT_EQ(csv_cell(""), "");
}

TEST(CsvTest, KeepsWhatASpreadsheetTakesForAFormula) {
  for (const char* text : {"=1+1", "+1", "-1", "@here"}) EXPECT_EQ(csv_cell(text), text);
}

TEST(CsvTest, ALineIsItsCells) {
  EXPECT_EQ(csv_line({"a", "b, c", ""}), "a,\"b, c\",\n");
  EXPECT_EQ(csv_line({"alone"}), "alone\n");
}

}  // namespace
}  // namespace fovea
