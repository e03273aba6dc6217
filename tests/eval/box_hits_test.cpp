#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/eval/box_hits.h>

namespace fovea {
namespace {

// A box from (-0.5, 0) to (0.5, 1), for every image.
torch::Tensor same_boxes(std::int64_t images) {
  return torch::tensor({-0.5F, 0.0F, 0.5F, 1.0F}).expand({images, 4});
}

// Images:   first in the box at step 3 and again; at step 1 and not again; never, though x or y alone would be; on the
// border.
torch::Tensor looks() {
  return torch::tensor({-0.6F, 0.5F,  0.0F, -0.1F, 0.1F,  0.9F, 0.0F, 0.5F,   //
                        0.2F,  0.2F,  0.9F, 0.9F,  0.9F,  0.9F, 0.9F, 0.9F,   //
                        0.0F,  -0.5F, 0.7F, 0.5F,  -0.7F, 0.5F, 0.0F, -1.0F,  //
                        0.9F,  0.5F,  0.5F, 1.0F,  -0.5F, 0.0F, 0.6F, 0.6F})
      .view({4, 4, 2});
}

void expect_fraction(const Fraction& fraction, std::int64_t count, std::int64_t of) {
  EXPECT_EQ(fraction.count, count);
  EXPECT_EQ(fraction.total, of);
}

TEST(BoxHitsTest, ByHand) {
  BoxHits hits;
  hits.add(looks(), same_boxes(4));
  ASSERT_EQ(hits.steps().size(), 4U);
  expect_fraction(hits.steps()[0], 1, 4);  // the second image
  expect_fraction(hits.steps()[1], 1, 4);  // the fourth: a border belongs to the box
  expect_fraction(hits.steps()[2], 2, 4);  // the first and the fourth
  expect_fraction(hits.steps()[3], 1, 4);  // the first
  expect_fraction(hits.glimpses(), 5, 16);
  expect_fraction(hits.never(), 1, 4);
  EXPECT_EQ(hits.first_step(), (3 + 1 + 2) / 3.0);
}

TEST(BoxHitsTest, EachImageHasABoxOfItsOwn) {
  BoxHits hits;
  const auto boxes = torch::tensor({-1.0F, -1.0F, 0.0F, 0.0F, 0.0F, 0.0F, 1.0F, 1.0F}).view({2, 4});
  hits.add(torch::full({2, 1, 2}, 0.5F), boxes);
  expect_fraction(hits.glimpses(), 1, 2);
  EXPECT_EQ(hits.first_step(), 1.0);
}

TEST(BoxHitsTest, PartsGiveTheWhole) {
  BoxHits whole, parts;
  whole.add(looks(), same_boxes(4));
  parts.add(looks().slice(0, 0, 3), same_boxes(3));
  BoxHits last;
  last.add(looks().slice(0, 3, 4), same_boxes(1));
  parts.add(last);
  parts.add(BoxHits());
  EXPECT_EQ(parts.images(), 4);
  for (std::size_t t = 0; t < 4; ++t) expect_fraction(parts.steps()[t], whole.steps()[t].count, whole.steps()[t].total);
  expect_fraction(parts.never(), 1, 4);
  EXPECT_EQ(parts.first_step(), whole.first_step());
}

TEST(BoxHitsTest, WithoutImagesOrHitsThereIsNoNumber) {
  BoxHits hits;
  EXPECT_EQ(hits.glimpses().value(), std::nullopt);
  EXPECT_EQ(hits.first_step(), std::nullopt);
  hits.add(torch::full({3, 2, 2}, -0.9F), same_boxes(3));
  EXPECT_EQ(hits.glimpses().value(), 0.0);
  EXPECT_EQ(hits.never().value(), 1.0);
  EXPECT_EQ(hits.first_step(), std::nullopt);
}

}  // namespace
}  // namespace fovea
