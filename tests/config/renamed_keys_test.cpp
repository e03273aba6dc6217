#include <gtest/gtest.h>

#include <fovea/config/internal/renamed_keys.h>

namespace fovea {
namespace {

TEST(RenamedKeysTest, GivesThePresentName) {
  EXPECT_EQ(renamed_key("decay", {"name", "step_size", "gamma"}), "gamma");
}

TEST(RenamedKeysTest, GivesNoNameThatIsUnknownThere) {
  EXPECT_EQ(renamed_key("decay", {"name", "min_factor"}), "");
}

TEST(RenamedKeysTest, GivesNoNameForAKeyThatWasNeverThere) {
  EXPECT_EQ(renamed_key("gama", {"gamma"}), "");
}

}  // namespace
}  // namespace fovea
