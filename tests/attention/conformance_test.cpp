// What every attention mechanism promises, checked for each row of the registry: a new mechanism joins by its row alone.

#include <algorithm>
#include <memory>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/registry.h>
#include <fovea/base/error.h>
#include <fovea/nn/attention_map.h>
#include <fovea/nn/initialise.h>
#include <fovea/nn/state_dict.h>

#include "gradient_check.h"

namespace fovea {
namespace {

constexpr std::int64_t kChannels = 16;
constexpr std::int64_t kHeight = 5;
constexpr std::int64_t kWidth = 7;

/// A mechanism of any kind, called in one way.
struct Mechanism {
  std::shared_ptr<torch::nn::Module> module;
  std::function<torch::Tensor(const torch::Tensor&, ForwardContext&)> forward;
};

template <typename Module>
Mechanism wrap(std::shared_ptr<Module> module) {
  return {module, [module](const torch::Tensor& features, ForwardContext& context) {
            if constexpr (std::is_same_v<Module, Pool>) {
              return module->forward({features, {}, {}}, context);
            } else {
              return module->forward(features, context);
            }
          }};
}

Mechanism build(const MechanismRow& row) {
  const auto options = row.make_options();
  const Slot slot = row.slots().front();
  const Site site{slot, 1, {kChannels, kHeight, kWidth}, kChannels, 1, "site", {{kChannels, kHeight, kWidth}}};
  Mechanism mechanism = std::visit([&](const auto& builder) { return wrap(builder(*options, site)); }, row.build);
  mechanism.module->to(torch::kFloat64);
  initialise(*mechanism.module, 7);
  // Norms start as identity with empty statistics, which would hide mistakes: give every tensor a life of its own.
  std::uint64_t seed = 0;
  const torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : state_dict(*mechanism.module)) {
    if (!tensor.is_floating_point()) continue;
    auto noise = torch::empty_like(tensor);
    fill_uniform(noise, RandomStream(++seed, Purpose::test), 0.1, 0.5);
    const_cast<torch::Tensor&>(tensor).add_(noise);
  }
  return mechanism;
}

torch::Tensor features(std::int64_t images, std::uint64_t seed = 1) {
  auto tensor = torch::empty({images, kChannels, kHeight, kWidth}, torch::kFloat64);
  fill_normal(tensor, RandomStream(seed, Purpose::test), 1.0);
  return tensor;
}

torch::Tensor run(const Mechanism& mechanism, const torch::Tensor& input, Probe* probe = nullptr) {
  ForwardContext context;
  context.probe = probe;
  return mechanism.forward(input, context);
}

class Conformance : public testing::TestWithParam<std::string> {
 protected:
  const MechanismRow& row() const { return find_mechanism(GetParam(), "test"); }
};

TEST_P(Conformance, RowIsComplete) {
  EXPECT_FALSE(row().title.empty());
  EXPECT_THAT(row().arxiv, testing::MatchesRegex("[0-9]{4}\\.[0-9]{5}|[0-9]{4}\\.[0-9]{4}"));
  EXPECT_FALSE(row().traits.where.empty());
  EXPECT_FALSE(row().traits.selects.empty());
  EXPECT_FALSE(row().traits.asks.empty());
  EXPECT_FALSE(row().traits.axis.empty());
}

TEST_P(Conformance, GradientsOfInputAndParametersMatchDifferences) {
  for (const bool training : {false, true}) {
    const Mechanism mechanism = build(row());
    mechanism.module->train(training);
    const auto input = features(2).requires_grad_();
    std::vector<std::pair<std::string, torch::Tensor>> variables{{"input", input}};
    for (const auto& item : mechanism.module->named_parameters()) variables.emplace_back(item.key(), item.value());
    expect_gradients_match([&] { return run(mechanism, input); }, variables);
  }
}

TEST_P(Conformance, ImagesOfABatchDoNotMeetInEvaluationMode) {
  const Mechanism mechanism = build(row());
  mechanism.module->eval();
  const auto batch = features(3);
  const auto together = run(mechanism, batch);
  for (std::int64_t n = 0; n < 3; ++n) {
    const auto alone = run(mechanism, batch.slice(0, n, n + 1));
    EXPECT_TRUE(torch::allclose(together.slice(0, n, n + 1), alone, 1e-12, 1e-12)) << "image " << n;
  }
}

TEST_P(Conformance, GatesKeepAnyShape) {
  if (!std::holds_alternative<GateBuilder>(row().build)) GTEST_SKIP() << "no gate";
  const Mechanism mechanism = build(row());
  mechanism.module->eval();
  const std::vector<std::vector<std::int64_t>> shapes{
      {1, kChannels, 1, 1}, {1, kChannels, 9, 2}, {4, kChannels, 2, 9}, {2, kChannels, kHeight, kWidth}};
  for (const auto& shape : shapes) {
    const auto input = torch::ones(shape, torch::kFloat64);
    EXPECT_EQ(run(mechanism, input).sizes(), input.sizes());
  }
}

TEST_P(Conformance, StateMovesToAnotherInstance) {
  const Mechanism from = build(row());
  const Mechanism to = build(row());
  for (auto& [name, tensor] : state_dict(*to.module)) const_cast<torch::Tensor&>(tensor).detach().zero_();
  load_state_dict(*to.module, copy_state(*from.module), "test");
  from.module->eval();
  to.module->eval();
  EXPECT_TRUE(torch::equal(run(from, features(2)), run(to, features(2))));
}

TEST_P(Conformance, ProbeChangesNothingAndSeesMaps) {
  const Mechanism mechanism = build(row());
  mechanism.module->eval();
  AttentionRecorder recorder(*mechanism.module);
  const auto with = run(mechanism, features(2), &recorder);
  EXPECT_TRUE(torch::equal(with, run(mechanism, features(2))));
  ASSERT_FALSE(recorder.maps.empty());
  const auto modules = mechanism.module->named_modules("", false).keys();
  for (const AttentionMap& map : recorder.maps) {
    EXPECT_TRUE(map.site.empty() || std::count(modules.begin(), modules.end(), map.site) == 1) << map.site;
    EXPECT_EQ(map.values.size(0), 2);
    if (map.meaning == Meaning::gate) {
      EXPECT_GT(map.values.min().item<double>(), 0.0);
      EXPECT_LT(map.values.max().item<double>(), 1.0);
    }
    if (map.meaning == Meaning::weights) {
      EXPECT_NEAR(map.values.flatten(1).sum(1).min().item<double>(), 1.0, 1e-9);
    }
    if (map.kind == TapKind::channel) {
      EXPECT_EQ(map.values.sizes(), (std::vector<std::int64_t>{2, kChannels}));
    }
    if (map.kind == TapKind::spatial) {
      EXPECT_EQ(map.values.sizes(), (std::vector<std::int64_t>{2, kHeight, kWidth}));
    }
  }
}

/// Answers every tap of attention with zeros.
class ZeroProbe final : public Probe {
 public:
  torch::Tensor tap(const torch::nn::Module&, const Tap& tap, const torch::Tensor& tensor) override {
    return tap.kind == TapKind::features ? tensor : torch::zeros_like(tensor);
  }
};

TEST_P(Conformance, ProbeCanReplaceAttention) {
  const Mechanism mechanism = build(row());
  mechanism.module->eval();
  ZeroProbe zero;
  EXPECT_FALSE(torch::allclose(run(mechanism, features(2), &zero), run(mechanism, features(2))));
}

TEST_P(Conformance, WrongShapesThrowBothShapes) {
  const Mechanism mechanism = build(row());
  const auto message = [&](const torch::Tensor& input) -> std::string {
    try {
      run(mechanism, input);
    } catch (const ShapeError& error) {
      return error.what();
    }
    return "no ShapeError";
  };
  using testing::HasSubstr;
  EXPECT_THAT(message(torch::ones({2, kChannels / 2, 3, 4}, torch::kFloat64)),
              testing::AllOf(HasSubstr("expected [N, 16, H, W]"), HasSubstr("got [2, 8, 3, 4]")));
  EXPECT_THAT(message(torch::ones({kChannels, 3, 4}, torch::kFloat64)), HasSubstr("got [16, 3, 4]"));
}

TEST_P(Conformance, OptionsReadBackAsWritten) {
  const auto options = row().make_options();
  const Json written = write_fields(*options);
  const auto again = row().make_options();
  read_fields(*again, parse_yaml(written.dump(), "test"), "");
  EXPECT_EQ(write_fields(*again), written);
}

std::vector<std::string> mechanism_names() {
  std::vector<std::string> names;
  for (const MechanismRow& row : mechanism_registry()) names.push_back(row.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Registry, Conformance, testing::ValuesIn(mechanism_names()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace fovea
