// Keys for learning hard choices: options of networks with hard choices, an error for others.

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/run/experiment_config.h>

namespace fovea {
namespace {

using ::testing::StrEq;
using ::testing::ThrowsMessage;

/// The resolved section `train` of a configuration of MNIST.
Json resolved_training(const std::string& model, const std::string& train) {
  const std::string text = "data: mnist\nmodel: " + model + "\ntrain: " + train;
  const auto config = read_experiment_config(parse_yaml(text, "a.yaml"));
  return write_fields(*config).at("train");
}

TEST(PolicyOptions, AreFilledInForNetworksWithHardChoices) {
  const Json train = resolved_training("ram", "{epochs: 60}");
  EXPECT_EQ(train.at("step_loss"), "linear");
  EXPECT_EQ(train.at("policy"),
            Json::parse(R"({"name": "reinforce", "reward": "probability_gain", "rollouts": 1, "baseline": "learned",
                            "normalize": true, "weight": 1.0, "warmup_epochs": 3.0, "std": [0.2, 0.08],
                            "frozen_fraction": 0.1, "frozen_std": 0.03})"));
  const Json own = resolved_training("ram", "{policy: {baseline: leave_one_out, rollouts: 4, std: 0.1}}");
  EXPECT_EQ(own.at("policy").at("rollouts"), 4);
  EXPECT_EQ(own.at("policy").at("std"), Json::parse("[0.1]"));
}

TEST(PolicyOptions, AreNoOptionsOfOtherNetworks) {
  const Json train = resolved_training("resnet20", "{epochs: 60}");
  EXPECT_FALSE(train.contains("policy"));
  EXPECT_FALSE(train.contains("step_loss"));
  EXPECT_THAT(
      [] { resolved_training("resnet20", "{policy: reinforce}"); },
      ThrowsMessage<InputError>(StrEq("a.yaml:3: train.policy: expected a network with hard choices, got 'resnet20', "
                                      "which has none; remove it")));
  EXPECT_THAT([] { resolved_training("resnet20", "{step_loss: last}"); },
              ThrowsMessage<InputError>(StrEq("a.yaml:3: train.step_loss: expected a network with hard choices, got "
                                              "'resnet20', which has none; remove it")));
}

TEST(PolicyOptions, HaveToFitTheEpochs) {
  EXPECT_THAT([] { resolved_training("ram", "{epochs: 2}"); },
              ThrowsMessage<InputError>(
                  StrEq("train.policy.warmup_epochs: expected less than train.epochs, 2, without the final phase of "
                        "train.policy.frozen_fraction, 0.1, got 3.0, which leaves no epoch in which the policy learns; "
                        "shorten the warm-up or the final phase, or train longer")));
  EXPECT_NO_THROW(resolved_training("ram", "{epochs: 2, policy: {warmup_epochs: 0.5}}"));
}

}  // namespace
}  // namespace fovea
