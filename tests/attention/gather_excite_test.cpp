#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/channel/gather_excite.h>
#include <fovea/attention/channel/squeeze_excitation.h>
#include <fovea/base/error.h>
#include <fovea/nn/initialise.h>

#include "gate_run.h"

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(GatherExciteTest, WindowsOverlapAndSkipThePadding) {
  GatherExciteOptions options;
  options.mlp = false;
  options.extent = 2;
  const auto row = channels_of({{1, 2, 3, 4, 5}});
  GatherExciteImpl average(FeatureShape{1, 1, 5}, options);
  const auto map = run_gate(average, row).maps[0];
  EXPECT_EQ(map.kind, MapKind::dense);
  EXPECT_TRUE(nearly_equal(torch::logit(map.values), {1.5, 1.5, 3, 3, 4.5}));  // windows 1-2, 2-4, 4-5
  options.max_pool = true;
  GatherExciteImpl with_maximum(FeatureShape{1, 1, 5}, options);
  EXPECT_TRUE(nearly_equal(torch::logit(run_gate(with_maximum, row).maps[0].values), {1.75, 1.75, 3.5, 3.5, 4.75}));
}

TEST(GatherExciteTest, WholeMapIsSqueezeAndExcitation) {
  SqueezeExcitationOptions se_options;
  se_options.divisor = 1;
  SqueezeExcitationImpl se(32, se_options);
  GatherExciteImpl ge(FeatureShape{32, 3, 4}, {});
  initialise(se, 1);
  for (const char* layer : {"fc1", "fc2"}) {
    const torch::NoGradGuard no_grad;
    for (const char* part : {".weight", ".bias"}) {
      const std::string name = std::string(layer) + part;
      ge.named_parameters()["mlp." + name].copy_(se.named_parameters()[name]);
    }
  }
  auto features = torch::empty({2, 32, 3, 4}, torch::kFloat64);
  fill_normal(features, RandomStream(1, Purpose::test), 1.0);
  const auto gathered = run_gate(ge, features);
  EXPECT_EQ(gathered.maps[0].kind, MapKind::channel);
  EXPECT_TRUE(torch::allclose(gathered.output, run_gate(se, features).output, 1e-12, 1e-12));
}

TEST(GatherExciteTest, ConvolutionsHalveUntilTheExtent) {
  GatherExciteOptions options;
  options.extra_params = true;
  options.extent = 4;
  const GatherExciteImpl gate(FeatureShape{16, 5, 9}, options);
  const auto modules = gate.named_modules("", false).keys();
  EXPECT_THAT(modules, testing::IsSupersetOf({"gather.conv1", "gather.norm1", "gather.conv2", "gather.norm2"}));
  EXPECT_THAT(modules, testing::Not(testing::Contains("gather.conv3")));
}

TEST(GatherExciteTest, LearnedWholeMapFixesTheSize) {
  GatherExciteOptions options;
  options.extra_params = true;
  GatherExciteImpl gate(FeatureShape{16, 5, 9}, options);
  EXPECT_EQ(run_gate(gate, torch::ones({2, 16, 5, 9}, torch::kFloat64)).maps[0].kind, MapKind::channel);
  EXPECT_THAT(
      [&] {
        run_gate(gate, torch::ones({2, 16, 9, 5}, torch::kFloat64));
      },
      ThrowsMessage<ShapeError>(HasSubstr("expected [N, 16, 5, 9], got [2, 16, 9, 5]")));
}

TEST(GatherExciteTest, LearnedWholeMapNeedsTheSize) {
  EXPECT_EQ(run_gate(*GatherExcite(16), torch::ones({2, 16, 3, 4}, torch::kFloat64)).maps[0].kind, MapKind::channel);
  EXPECT_THAT([] { GatherExcite(16, GatherExciteOptions{.extra_params = true}); },
              ThrowsMessage<InputError>(HasSubstr("ge: extent: expected at least 2 beside extra_params")));
}

TEST(GatherExciteTest, OptionsWithoutEffectAreErrors) {
  const auto message = [](const std::function<void(GatherExciteOptions&)>& change) -> std::string {
    GatherExciteOptions options;
    change(options);
    try {
      GatherExciteImpl(FeatureShape{32, 5, 9}, options);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no InputError";
  };
  EXPECT_THAT(message([](auto& o) { o.extent = 1; }), HasSubstr("ge: extent: expected 0 or at least 2"));
  EXPECT_EQ(message([](auto& o) { o.extent = 6; }), "no InputError");
  EXPECT_THAT(message([](auto& o) { o.extent = 6, o.extra_params = true; }), HasSubstr("ge: extent: expected 0 or a power"));
  EXPECT_THAT(message([](auto& o) { o.max_pool = true, o.extra_params = true; }), HasSubstr("ge: max_pool"));
  EXPECT_THAT(message([](auto& o) { o.mlp = false, o.reduction_ratio = 4; }), HasSubstr("ge: mlp"));
  EXPECT_THAT(message([](auto& o) { o.mlp = false, o.activation = Activation::silu; }), HasSubstr("ge: activation"));
  EXPECT_EQ(message([](auto& o) { o.mlp = false, o.activation = Activation::silu, o.extra_params = true, o.extent = 4; }),
            "no InputError");
}

}  // namespace
}  // namespace fovea
