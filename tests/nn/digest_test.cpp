#include <set>
#include <string>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/nn/digest.h>

namespace fovea {
namespace {

// The digests were computed in Python from the bytes that the definition names.
TEST(DigestTest, GoldenValues) {
  EXPECT_EQ(digest({}), "cbf29ce484222325");
  EXPECT_EQ(digest({{"bias", torch::tensor({1.0F, -2.5F})}, {"weight", torch::tensor({{1, 2, 3}}, torch::kInt64)}}),
            "8f5b3c0bd91c0d1f");
}

TEST(DigestTest, AnyDifferenceShows) {
  const auto values = torch::arange(6, torch::kFloat32);
  auto changed = values.clone();
  changed[5] = 5.000001F;
  std::set<std::string> digests;
  for (const NamedTensors& tensors : {
           NamedTensors{{"a", values.view({2, 3})}},
           NamedTensors{{"b", values.view({2, 3})}},
           NamedTensors{{"a", values.view({3, 2})}},
           NamedTensors{{"a", values}},
           NamedTensors{{"a", changed.view({2, 3})}},
           NamedTensors{{"a", values.view({2, 3}).to(torch::kFloat64)}},
           NamedTensors{{"a", values.view({2, 3})}, {"b", torch::empty({0})}},
           NamedTensors{{"a", values.slice(0, 0, 3)}, {"b", values.slice(0, 3, 6)}},
           NamedTensors{{"a", values.slice(0, 3, 6)}, {"b", values.slice(0, 0, 3)}},
       }) {
    const std::string text = digest(tensors);
    EXPECT_EQ(text.size(), 16);
    EXPECT_TRUE(digests.insert(text).second) << text;
  }
}

TEST(DigestTest, LayoutAndGradientsDoNotCount) {
  const auto values = torch::arange(6, torch::kFloat32).view({2, 3});
  const auto transposed = values.t().contiguous().t().requires_grad_();
  ASSERT_FALSE(transposed.is_contiguous());
  EXPECT_EQ(digest({{"a", transposed}}), digest({{"a", values}}));
}

}  // namespace
}  // namespace fovea
