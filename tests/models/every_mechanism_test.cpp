// Every attention mechanism in every network: it trains there, or one error says why it cannot be there.

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/registry.h>
#include <fovea/base/error.h>
#include <fovea/models/registry.h>
#include <fovea/nn/attention_map.h>
#include <fovea/nn/initialise.h>

#include "built_network.h"

namespace fovea {
namespace {

using testing::HasSubstr;

/// For images twice as wide as high.
std::shared_ptr<Classifier> network_with(const std::string& model, std::int64_t height = 28) {
  auto network = built(model, {1, height, 2 * height, 5});
  initialise(*network, 1);
  return network;
}

/// One training step's gradients. @return the logits.
torch::Tensor backward_through(Classifier& network, std::int64_t height, ForwardContext& context) {
  Batch batch;
  batch.images = torch::empty({2, 1, height, 2 * height});
  fill_normal(batch.images, RandomStream(2, Purpose::test), 1.0);
  network.train();
  auto logits = network.classify(batch, context).logits;
  auto loss = logits.square().sum();
  for (const auto& [name, branch] : context.branch_logits) loss = loss + branch.square().sum();
  loss.backward();
  return logits.detach();
}

class EveryMechanism : public testing::TestWithParam<std::string> {};

TEST_P(EveryMechanism, TrainsAtEveryInsertionPointOfItsKindOrSaysWhyNot) {
  for (const InsertionKind kind : find_mechanism(GetParam(), "test").insertion_kinds()) {
    SCOPED_TRACE(to_string(kind));
    int placed = 0;
    for (const std::int64_t height : {28, 32}) {
      std::shared_ptr<Classifier> network;
      try {
        network = network_with(
            "{name: resnet8, width: 16, attention: {name: " + GetParam() + ", at: " + to_string(kind) + "}}", height);
      } catch (const InputError& error) {
        EXPECT_THAT(error.what(), testing::MatchesRegex("a.yaml:1: model.attention.*expected .*, got .*"));
        continue;
      }
      ++placed;
      ForwardContext context;
      const auto logits = backward_through(*network, height, context);
      EXPECT_EQ(logits.sizes(), (std::vector<std::int64_t>{2, 5}));
      EXPECT_TRUE(torch::isfinite(logits).all().item<bool>());
      for (const auto& item : network->named_parameters()) {
        EXPECT_TRUE(item.value().grad().defined()) << item.key() << " gets no gradient";
      }
    }
    EXPECT_GT(placed, 0) << "neither 28 x 56 nor 32 x 64 images suit it";
  }
}

std::vector<std::string> registered_mechanisms() {
  std::vector<std::string> names;
  for (const MechanismRow& row : mechanism_registry()) names.push_back(row.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryMechanism, testing::ValuesIn(registered_mechanisms()),
                         [](const auto& test) { return test.param; });

TEST(SeveralMechanismsTest, WorkTogether) {
  const auto network = network_with(
      "{name: resnet8, attention: [{name: spatial_transformer, at: input}, {name: se, stages: [2, 3]}, {name: bahdanau, at: "
      "pool}]}");
  AttentionRecorder recorder(*network);
  ForwardContext context;
  context.hooks = &recorder;
  backward_through(*network, 28, context);
  std::vector<std::string> points;
  for (const AttentionMap& map : recorder.maps) {
    points.push_back(map.layer);
    if (map.layer == "warp") continue;  // its window lies on the image itself
    EXPECT_TRUE(map.theta.defined()) << "what lies behind the transformer is not in the image's coordinates";
  }
  EXPECT_THAT(points, testing::IsSupersetOf({"layer2.0.se", "layer3.0.se", "pool"}));
  for (const auto& item : network->named_parameters()) EXPECT_TRUE(item.value().grad().defined()) << item.key();
}

TEST(SeveralMechanismsTest, TwoPoolsAreRefused) {
  EXPECT_THAT([] { network_with("{name: resnet8, attention: [bahdanau, luong]}"); },
              testing::ThrowsMessage<InputError>(HasSubstr("expected one mechanism at 'pool'")));
}

TEST(IdentityStartTest, GatesJoinATrainedNetworkWithoutDamage) {
  const auto plain = network_with("resnet8");
  plain->eval();
  Batch batch;
  batch.images = torch::empty({2, 1, 28, 56});
  fill_normal(batch.images, RandomStream(2, Purpose::test), 1.0);
  ForwardContext context;
  for (const MechanismRow& row : mechanism_registry()) {
    if (!std::holds_alternative<GateBuilder>(row.build)) continue;
    std::shared_ptr<Classifier> gated;
    try {
      gated = network_with("{name: resnet8, attention: {name: " + row.name + ", init: identity}}");
    } catch (const InputError&) {
      continue;  // does not go with this size: EveryMechanism looks at that
    }
    gated->eval();  // initialise() draws by name, so that the convolutions are those of `plain`
    const auto before = plain->classify(batch, context).logits, after = gated->classify(batch, context).logits;
    // A gate may give its result another memory layout, in which later sums round otherwise.
    EXPECT_TRUE(torch::allclose(after, before, 1e-5, 1e-6)) << row.name;
  }
}

}  // namespace
}  // namespace fovea
