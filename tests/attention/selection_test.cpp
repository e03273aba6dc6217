// Hard attention of the pools: what is chosen, and what an estimator learns of it.

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/context/bahdanau.h>
#include <fovea/attention/context/class_attention.h>
#include <fovea/attention/context/learned_query.h>
#include <fovea/attention/context/luong_local.h>
#include <fovea/attention/registry.h>
#include <fovea/base/error.h>
#include <fovea/weights/state_dict.h>

#include "option_changes.h"
#include "pool_run.h"

namespace fovea {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kChannels = 16, kHeight = 5, kWidth = 7;

Selection hard(std::int64_t choices = 1) {
  return {.selects = Selects::hard, .choices = choices};
}

struct BothForms {
  std::shared_ptr<Pool> soft, hard;
};

/// A mechanism in both forms, with the same weights.
BothForms both_forms(const MechanismRow& row) {
  const InsertionPoint point = pool_point({kChannels, kHeight, kWidth});
  const auto& build = std::get<PoolBuilder>(row.build);
  const auto soft = row.make_options(), hard = row.make_options();
  for (Options* options : {soft.get(), hard.get()}) {
    if (row.name != "luong_local") continue;
    OptionChanger mode({"mode", 0});
    options->visit_fields(mode);
  }
  OptionChanger selects({"selects", 0});
  hard->visit_fields(selects);
  BothForms forms{build(*soft, point), build(*hard, point)};
  draw_parameters(*forms.soft);
  forms.hard->to(torch::kFloat64);
  forms.hard->eval();
  load_state_dict(*forms.hard, copy_state(*forms.soft), "soft");
  return forms;
}

/// Replaces weights by 1 for the largest of each row and 0 for the others.
class LargestWeight final : public ForwardHooks {
 public:
  torch::Tensor on_tensor(const torch::nn::Module&, const HookedTensor& about, const torch::Tensor& tensor) override {
    const bool on_grid = about.kind == MapKind::spatial;
    const auto rows = on_grid ? tensor.flatten(1) : tensor.clone();
    rows.narrow(-1, 0, about.prefix_tokens).fill_(0);  // a token in front of the positions cannot be chosen
    const auto largest = torch::zeros_like(rows).scatter_(-1, rows.argmax(-1, /*keepdim=*/true), 1);
    return largest.view(tensor.sizes());
  }
};

torch::Tensor attend(Pool& pool, const torch::Tensor& features, ForwardContext& context) {
  return pool.attend({.features = features, .stages = {features}}, context);
}

class HardPool : public testing::TestWithParam<std::string> {
 protected:
  const MechanismRow& row() const { return find_mechanism(GetParam(), "test"); }
  const torch::Tensor features_ = drawn({3, kChannels, kHeight, kWidth});
};

TEST_P(HardPool, EvaluationTakesTheElementWithTheLargestSoftWeight) {
  const BothForms forms = both_forms(row());
  LargestWeight largest;
  ForwardContext soft, hard;
  soft.hooks = &largest;
  const auto expected = attend(*forms.soft, features_, soft);
  EXPECT_TRUE(torch::allclose(attend(*forms.hard, features_, hard), expected, 1e-12, 1e-12));
  EXPECT_TRUE(soft.choices.empty());
  ASSERT_FALSE(hard.choices.empty());
  for (const HardChoices& made : hard.choices) EXPECT_FALSE(made.log_probs.defined()) << "nothing was drawn";
}

TEST_P(HardPool, TrainingDrawsFromTheSoftWeights) {
  const BothForms forms = both_forms(row());
  AttentionRecorder recorder(*forms.soft);
  ForwardContext soft, first, again, other;
  soft.hooks = &recorder;
  attend(*forms.soft, features_, soft);
  for (ForwardContext* context : {&first, &again, &other}) context->policy = PolicyMode::sample;
  other.random = RandomStream(2, Purpose::test);
  const auto output = attend(*forms.hard, features_, first);
  EXPECT_TRUE(torch::equal(attend(*forms.hard, features_, again), output)) << "the same stream";
  EXPECT_FALSE(torch::equal(attend(*forms.hard, features_, other), output));
  ASSERT_EQ(first.choices.size(), recorder.maps.size());
  for (std::size_t i = 0; i < first.choices.size(); ++i) {
    const HardChoices& made = first.choices[i];
    auto policy = recorder.maps[i].values.reshape(made.probabilities.sizes()).clone();
    policy.narrow(2, 0, recorder.maps[i].prefix_tokens).fill_(0);
    policy = policy / policy.sum(2, /*keepdim=*/true);
    EXPECT_TRUE(torch::allclose(made.probabilities, policy, 1e-9, 1e-12));
    const auto log_probs = policy.gather(2, made.chosen).log().sum({1, 2});
    EXPECT_TRUE(torch::allclose(made.log_probs, log_probs, 1e-9, 1e-9));
    EXPECT_TRUE(made.log_probs.requires_grad());
  }
}

TEST_P(HardPool, ControlsDoNotLookAtTheWeights) {
  const BothForms forms = both_forms(row());
  for (const PolicyMode mode : {PolicyMode::random, PolicyMode::centre}) {
    ForwardContext first, scaled;
    first.policy = scaled.policy = mode;
    attend(*forms.hard, features_, first);
    attend(*forms.hard, features_ * -2, scaled);
    ASSERT_FALSE(first.choices.empty());
    ASSERT_EQ(first.choices.size(), scaled.choices.size());
    for (std::size_t i = 0; i < first.choices.size(); ++i) {
      EXPECT_TRUE(torch::equal(first.choices[i].chosen, scaled.choices[i].chosen));
      EXPECT_FALSE(first.choices[i].log_probs.defined());
    }
  }
}

std::vector<std::string> choosing_mechanisms() {
  std::vector<std::string> names;
  for (const MechanismRow& row : mechanism_registry()) {
    if (row.chooses) names.push_back(row.name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Registry, HardPool, testing::ValuesIn(choosing_mechanisms()),
                         [](const auto& test) { return test.param; });

TEST(SelectionTest, EveryPoolWhoseWeightsSumToOneHasAHardForm) {
  for (const MechanismRow& row : mechanism_registry()) {
    EXPECT_EQ(std::holds_alternative<PoolBuilder>(row.build), static_cast<bool>(row.chooses)) << row.name;
    const auto& selects = row.traits.selects;
    const bool is_hard = std::find(selects.begin(), selects.end(), Selects::hard) != selects.end();
    EXPECT_EQ(is_hard, static_cast<bool>(row.chooses)) << row.name;
  }
}

TEST(SelectionTest, TheCentreIsThePositionInTheMiddle) {
  LearnedQuery pool(kChannels, LearnedQueryOptions{.selection = hard(2)});
  ForwardContext context;
  context.policy = PolicyMode::centre;
  const auto features = drawn({2, kChannels, kHeight, kWidth}).to(torch::kFloat32);
  const auto output = pool->forward(features, context);
  EXPECT_TRUE(torch::allclose(output, (features.select(2, 2).select(2, 3) + features.select(2, 1).select(2, 3)) / 2));
}

TEST(SelectionTest, TheTokenInFrontIsNeverChosen) {
  ClassAttentionPool pool(kChannels, ClassAttentionOptions{.heads = 2, .selection = hard(3)});
  const auto tokens = drawn({4, 3, kChannels}).to(torch::kFloat32);  // three positions: all of them are taken
  for (const PolicyMode mode : {PolicyMode::sample, PolicyMode::mean, PolicyMode::random, PolicyMode::centre}) {
    ForwardContext context;
    context.policy = mode;
    pool->forward(tokens, context);
    const HardChoices& made = context.choices.at(0);
    EXPECT_TRUE(torch::equal(std::get<0>(made.chosen.sort(2)), torch::tensor({1, 2, 3}, torch::kInt64).expand({4, 2, 3})));
    EXPECT_EQ(made.probabilities.select(2, 0).max().item<double>(), 0);
  }
}

TEST(SelectionTest, TheCentreOfALocalWindowIsWithinIt) {
  LuongLocal pool(FeatureShape{4, 5, 5}, LuongLocalOptions{.mode = LocalMode::monotonic, .window = 1, .selection = hard(2)});
  ForwardContext context;
  context.policy = PolicyMode::centre;
  pool->attend({.features = torch::ones({1, 4, 5, 5}), .position = torch::zeros({1, 2})}, context);
  EXPECT_TRUE(torch::equal(context.choices.at(0).chosen.flatten(), torch::tensor({6, 1}, torch::kInt64)));
}

/// What a position is worth: a fixed number for each.
torch::Tensor worth_of(const torch::Tensor& elements) {
  return torch::sin(3 * elements.to(torch::kFloat64));
}

TEST(SelectionTest, LogProbabilitiesGiveTheExactGradientByEnumeration) {
  constexpr std::int64_t kPositions = 6;
  Bahdanau pool(4, BahdanauOptions{.selection = hard()});
  draw_parameters(*pool);
  const auto tokens = drawn({1, kPositions, 4});
  const auto query = tokens.mean(1);
  // d/dv of sum_j p_j worth_j, and the mean of the estimates worth_j d log p_j / dv over every outcome.
  const auto parameters = pool->parameters();
  const auto scores = pool->scores(tokens, query);
  const auto exact = torch::autograd::grad({(scores.softmax(1) * worth_of(torch::arange(kPositions))).sum()}, parameters);
  std::vector<torch::Tensor> mean;
  for (const torch::Tensor& parameter : parameters) mean.push_back(torch::zeros_like(parameter));
  std::vector<bool> seen(kPositions);
  for (std::uint64_t seed = 0; std::count(seen.begin(), seen.end(), true) < kPositions; ++seed) {
    ASSERT_LT(seed, 10'000U) << "an outcome never comes";
    ForwardContext context;
    context.policy = PolicyMode::sample;
    context.random = RandomStream(seed, Purpose::test);
    pool->attend({.features = tokens}, context);
    const HardChoices& made = context.choices.at(0);
    const auto element = made.chosen.item<std::int64_t>();
    if (seen[static_cast<std::size_t>(element)]) continue;
    seen[static_cast<std::size_t>(element)] = true;
    const auto estimate = torch::autograd::grad({made.log_probs.sum()}, parameters);
    const double factor = made.probabilities[0][0][element].item<double>() * worth_of(made.chosen).item<double>();
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += factor * estimate[i];
  }
  for (std::size_t i = 0; i < mean.size(); ++i) EXPECT_TRUE(torch::allclose(mean[i], exact[i], 1e-10, 1e-10)) << i;
}

TEST(SelectionTest, AModuleInTrainingDrawsWithoutAContext) {
  Bahdanau pool(4, BahdanauOptions{.selection = hard()});
  const auto features = drawn({8, 4, 3, 3}).to(torch::kFloat32);
  torch::manual_seed(1);
  const auto first = pool->forward(features), second = pool->forward(features);
  EXPECT_FALSE(torch::equal(first, second));
  torch::manual_seed(1);
  EXPECT_TRUE(torch::equal(pool->forward(features), first));
  pool->eval();
  EXPECT_TRUE(torch::equal(pool->forward(features), pool->forward(features)));
}

template <typename Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no error";
}

TEST(SelectionTest, WhatCannotBeChosenIsRefused) {
  EXPECT_EQ(error_of([] {
              Bahdanau(4, BahdanauOptions{.selection = {Selects::soft, 2}});
            }),
            "bahdanau: choices: expected 1 with selects: soft, got 2; set selects: hard");
  EXPECT_THAT(error_of([] { LuongLocal(4, LuongLocalOptions{.selection = hard()}); }),
              HasSubstr("luong_local: selects: expected soft in mode p"));
  Bahdanau pool(4, BahdanauOptions{.selection = hard(10)});
  EXPECT_THAT(error_of([&] {
                pool->forward(torch::ones({1, 4, 3, 3}));
              }),
              HasSubstr("expected at least 10 positions, as many as choices, got 9"));
  ForwardContext replay;
  replay.policy = PolicyMode::replay;
  EXPECT_THAT(error_of([&] { pool->forward(torch::ones({1, 4, 4, 4}), replay); }), HasSubstr("which is of locations"));
  LuongLocal local(FeatureShape{4, 1, 9},
                   LuongLocalOptions{.mode = LocalMode::monotonic, .window = 1, .selection = hard(4)});
  EXPECT_THAT(error_of([&] {
                local->forward(torch::ones({1, 4, 1, 9}));
              }),
              HasSubstr("expected a window of at least 4 positions, as many as choices, got one of 3"));
}

}  // namespace
}  // namespace fovea
