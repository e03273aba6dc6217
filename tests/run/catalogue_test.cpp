// Lists of what is available, filtered by traits.

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/fovea.h>

namespace fovea {
namespace {

TEST(Catalogue, RowsHaveEveryWantedTrait) {
  const std::vector<CatalogueRow> all = catalogue(Listing::models);
  const std::vector<CatalogueRow> hard = catalogue(Listing::models, {.selects = Selects::hard});
  ASSERT_FALSE(hard.empty());
  EXPECT_LT(hard.size(), all.size());
  for (const CatalogueRow& row : hard) EXPECT_THAT(row.traits.selects, testing::Contains(Selects::hard)) << row.name;
  for (const Axis axis : kEveryAxis) {
    for (const CatalogueRow& row : catalogue(Listing::models, {.selects = Selects::hard, .axis = axis})) {
      EXPECT_THAT(row.traits.axis, testing::Contains(axis)) << row.name;
    }
  }
}

}  // namespace
}  // namespace fovea
