// Soft and hard attention of one mechanism, by one setting.

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program_fixture.h"
#include "wait_for.h"

namespace fovea {
namespace {

using testing::HasSubstr;

class HardAttention : public ProgramTest {
 protected:
  static void SetUpTestSuite() {
    ProgramTest::SetUpTestSuite();
    write_tiny_experiment();
  }

  /// A training of the tiny experiment with Bahdanau attention.
  static std::vector<std::string> training(const std::string& out, const std::vector<std::string>& settings) {
    std::vector<std::string> arguments{"train", "tiny.yaml", "--out", out, "--quiet", "--set", "model.attention=bahdanau"};
    for (const std::string& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
    return arguments;
  }
};

const std::string kHard = "model.attention.selects=hard";
const std::string kShortWarmUp = "train.policy={warmup_epochs: 1}";

/// The last line of a run's metrics.jsonl.
Json last_epoch(const std::string& metrics) {
  const std::size_t end = metrics.find_last_not_of('\n');
  const std::size_t begin = metrics.rfind('\n', end);
  return Json::parse(metrics.substr(begin + 1, end - begin));
}

TEST_F(HardAttention, DiffersFromSoftByOneSettingAndHasTheSameParameters) {
  ASSERT_EQ(run(training("soft", {"train.epochs=1"})).code, 0);
  const Finished hard = run(training("hard", {kHard, kShortWarmUp}));
  ASSERT_EQ(hard.code, 0) << hard.error;
  const Json soft_summary = Json::parse(text("soft/summary.json")), hard_summary = Json::parse(text("hard/summary.json"));
  EXPECT_EQ(hard_summary["parameters"], soft_summary["parameters"]);
  const Json epoch = last_epoch(text("hard/metrics.jsonl"));
  for (const char* part : {"class_loss", "policy_loss", "policy_reward", "policy_entropy"}) {
    EXPECT_TRUE(epoch.dump().find(std::string("\"") + part + "\"") != std::string::npos) << part << " of " << epoch;
  }
}

TEST_F(HardAttention, WeightsOfOneFormLoadIntoTheOther) {
  ASSERT_EQ(run(training("soft_weights", {"train.epochs=1"})).code, 0);
  const Finished hard = run(training("hard_from_soft", {kHard, kShortWarmUp, "train.init.weights=soft_weights"}));
  EXPECT_EQ(hard.code, 0) << hard.error;
  const Finished soft = run(training("soft_from_hard", {"train.epochs=1", "train.init.weights=hard_from_soft"}));
  EXPECT_EQ(soft.code, 0) << soft.error;
}

TEST_F(HardAttention, TheWarmUpHasToLeaveThePolicyTime) {
  EXPECT_THAT(refusal(training("short", {kHard})),
              HasSubstr("train.policy.warmup_epochs: expected less than train.epochs, 3"));
}

TEST_F(HardAttention, AResumedRunEndsInTheSameBytes) {
  const std::vector<std::string> settings{kHard, "train.epochs=30", "train.policy={warmup_epochs: 1, rollouts: 2}"};
  ASSERT_EQ(run(training("straight", settings)).code, 0);
  Program program(path(), training("resumed", settings));
  ASSERT_TRUE(wait_for(
      "an epoch", [] { return exists("resumed/metrics.jsonl"); }, [&] { return program.messages(); }));
  program.send(SIGKILL);
  program.wait();
  const std::string metrics = text("resumed/metrics.jsonl");
  ASSERT_LT(std::count(metrics.begin(), metrics.end(), '\n'), 30) << "it ended before it was killed";
  ASSERT_EQ(run({"train", "resumed", "--resume", "--quiet", "--threads", "1"}).code, 0);
  EXPECT_EQ(model_bytes("resumed"), model_bytes("straight"));
}

TEST_F(HardAttention, OptionsOfGlimpsesAreNotItsOwn) {
  EXPECT_THAT(
      refusal(training("glimpses", {kHard, "train.step_loss=last"})),
      HasSubstr("train.step_loss: expected a network that takes glimpses, got 'resnet8', which takes none; remove it"));
  EXPECT_THAT(refusal(training("learned", {kHard, "train.policy={warmup_epochs: 1, baseline: learned}"})),
              HasSubstr("train.policy.baseline: expected"));
  EXPECT_THAT(refusal(training("many", {"model.attention.choices=2"})),
              HasSubstr("bahdanau: choices: expected 1 with selects: soft, got 2; set selects: hard"));
}

TEST_F(HardAttention, TheWayBackToSoftDropsThePolicyWithANote) {
  std::vector<std::string> arguments = training("unused", {kHard, kShortWarmUp});
  arguments.emplace_back("--print-config");
  const Finished printed = run(arguments);
  ASSERT_EQ(printed.code, 0) << printed.error;
  write("hard.yaml", printed.out);
  const Finished soft = run({"train", "hard.yaml", "--print-config", "--set", "model.attention.selects=soft"});
  ASSERT_EQ(soft.code, 0) << soft.error;
  EXPECT_EQ(soft.error, "fovea: note: the network no longer makes such hard choices; removed: train.policy\n");
  EXPECT_THAT(soft.out, testing::Not(HasSubstr("policy")));
}

TEST_F(HardAttention, KeysThatTheFileHasForNoReasonStayErrors) {
  const std::string idle = "model: {name: resnet8, width: 4, attention: bahdanau}\ntrain: {policy: {warmup_epochs: 1}}\n";
  write("idle.yaml", "data: {name: mnist, root: '" + path("data") + "'}\n" + idle);
  for (const std::vector<std::string>& more : {std::vector<std::string>(), {"--set", "seed=2"}}) {
    std::vector<std::string> arguments{"train", "idle.yaml", "--print-config"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_THAT(refusal(arguments), HasSubstr("train.policy: expected a network with hard choices, got 'resnet8'"));
  }
}

TEST_F(HardAttention, AGlimpseNetworksPolicyIsNotThatOfAPool) {
  const std::string ram = FOVEA_SOURCE_DIR "/configs/translated_digits.yaml";
  const Finished changed = run({"train", ram, "--print-config", "--set", "train.policy.std=0.1", "--set",
                                "model={name: resnet8, attention: {name: bahdanau, selects: hard}}"});
  EXPECT_THAT(changed.error, HasSubstr("train.policy.")) << "given with the new network, so reported";
  const Finished elements =
      run({"train", ram, "--print-config", "--set", "model={name: resnet8, attention: {name: bahdanau, selects: hard}}"});
  ASSERT_EQ(elements.code, 0) << elements.error;
  EXPECT_THAT(elements.out, testing::AllOf(HasSubstr("self_critical"), testing::Not(HasSubstr("frozen_std"))));
}

TEST_F(HardAttention, IsDrawnAndScoredLikeSoft) {
  ASSERT_EQ(run(training("seen", {kHard, kShortWarmUp})).code, 0);
  EXPECT_GT(json({"eval", "seen"})["images"], 0);
  EXPECT_EQ(run({"overlay", "seen", "--split", "test", "--limit", "2", "--out", "pictures"}).code, 0);
  EXPECT_THAT(run({"list", "blocks", "--selects", "hard"}).out, testing::AllOf(HasSubstr("bahdanau"), HasSubstr("ltpa")));
}

}  // namespace
}  // namespace fovea
