#include <gtest/gtest.h>

#include <fovea/base/text_template.h>

namespace fovea {
namespace {

TEST(TextTemplateTest, MarksAreReplacedOnceAndEverythingElseStays) {
  EXPECT_EQ(with_values("a @x@ b @y@@x@", {{"x", "1"}, {"y", "2"}}), "a 1 b 21");
  EXPECT_EQ(with_values("@x@", {{"x", "@y@"}, {"y", "2"}}), "@y@") << "marks in values";
  EXPECT_EQ(with_values("@staticmethod\n@x@ me@here", {{"x", "1"}}), "@staticmethod\n1 me@here");
  EXPECT_EQ(with_values("@unknown@ @x@", {{"x", "1"}}), "@unknown@ 1");
  EXPECT_EQ(with_values("", {{"x", "1"}}), "");
  EXPECT_EQ(with_values("@", {{"x", "1"}}), "@");
  EXPECT_EQ(with_values("@@", {{"", "1"}}), "1");
}

}  // namespace
}  // namespace fovea
