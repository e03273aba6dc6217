// Lists of what is available, filtered by traits.

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/fovea.h>

namespace fovea {
namespace {

TEST(Catalogue, RowsHaveEveryWantedTrait) {
  const std::vector<CatalogueRow> all = catalogue(CatalogueKind::models);
  const std::vector<CatalogueRow> hard = catalogue(CatalogueKind::models, {.selects = Selects::hard});
  ASSERT_FALSE(hard.empty());
  EXPECT_LT(hard.size(), all.size());
  for (const CatalogueRow& row : hard) EXPECT_THAT(row.traits.selects, testing::Contains(Selects::hard)) << row.name;
  for (const Axis axis : kEveryAxis) {
    for (const CatalogueRow& row : catalogue(CatalogueKind::models, {.selects = Selects::hard, .axis = axis})) {
      EXPECT_THAT(row.traits.axis, testing::Contains(axis)) << row.name;
    }
  }
}

TEST(Catalogue, BlocksAreNotRunOnFeaturesThatTakeMinutes) {
  for (const FeatureShape& features :
       {FeatureShape{16384, 1, 1}, FeatureShape{4096, 64, 64}, FeatureShape{1, 1 << 20, 2}, FeatureShape{0, 14, 14}}) {
    EXPECT_THAT([&] { catalogue(CatalogueKind::blocks, {.features = features}); },
                testing::ThrowsMessage<InputError>(testing::AllOf(
                    testing::StartsWith("features: expected 1 to 4096 channels and at most 1048576 values, got "),
                    testing::HasSubstr("choose fewer channels"))));
  }
}

}  // namespace
}  // namespace fovea
