#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/base/home_path.h>

#include "environment_value.h"

namespace fovea {
namespace {

using ::testing::StrEq;
using ::testing::ThrowsMessage;

TEST(HomePathTest, ATildeAtTheBeginningIsTheHomeFolder) {
  const EnvironmentValue home("HOME", "/folders/ada");
  EXPECT_EQ(expand_home("~"), "/folders/ada");
  EXPECT_EQ(expand_home("~/"), "/folders/ada/");
  EXPECT_EQ(expand_home("~/photos/a.png"), "/folders/ada/photos/a.png");
}

TEST(HomePathTest, OtherPathsStayAsTheyAre) {
  const EnvironmentValue home("HOME", "/folders/ada");
  for (const char* path : {"", "a", "/a", "./~", "./~/a", "a/~", "a~", "runs/a~b"}) EXPECT_EQ(expand_home(path), path);
}

TEST(HomePathTest, ATildeBeforeANameIsAFileOfThatNameOrAnError) {
  EXPECT_THAT([] { expand_home("~nobody-here/a.png"); },
              ThrowsMessage<InputError>(StrEq(
                  "~nobody-here/a.png: expected ~ or ~/... for your home folder, or an existing file '~nobody-here', got "
                  "neither; write the folder in full, or ./~nobody-here for a new file of that name")));
  const std::string file = "~fovea-home-path-test";
  ASSERT_TRUE(std::filesystem::create_directory(file));
  EXPECT_EQ(expand_home(file + "/a.png"), file + "/a.png");
  std::filesystem::remove(file);
}

TEST(HomePathTest, WithoutTheVariableTheSystemKnowsTheFolder) {
  const EnvironmentValue home("HOME", "");
  EXPECT_EQ(expand_home("~/a").substr(0, 1), "/");
}

}  // namespace
}  // namespace fovea
