#include <cstdint>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/positions.h>
#include <fovea/attention/registry.h>
#include <fovea/base/error.h>
#include <fovea/config/config_node.h>
#include <fovea/config/fields.h>
#include <fovea/nn/initialise.h>

#include "pool_run.h"

namespace fovea {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(CellsTest, ChannelsDivideOrTheOptionIsNamed) {
  EXPECT_EQ(channels_per_head(12, 4, "halo: heads"), 3);
  EXPECT_NO_THROW(expect_divides(12, 3, "halo: heads"));
  EXPECT_THAT([] { expect_divides(12, 5, "halo: heads"); },
              ThrowsMessage<InputError>("halo: heads: expected a divisor of the 12 channels, got 5"));
}

/// A mechanism whose batch norm sees one value of each image's channels.
struct NormOfOne {
  std::string name;
  std::string options;
};

class NormOfOneTest : public testing::TestWithParam<NormOfOne> {};

TEST_P(NormOfOneTest, SaysThatTrainingNeedsSeveralImages) {
  const MechanismRow& row = find_mechanism(GetParam().name, "test");
  const auto options = row.make_options();
  read_fields(*options, parse_yaml(GetParam().options, "test"), "test");
  const BuiltMechanism built = build_mechanism(row, *options, standalone_point(row, {8, 4, 6}));
  initialise(*built.module, 1);
  built.module->to(torch::kFloat64);
  ForwardContext context;
  const auto run = [&](std::int64_t images) { return built.forward(drawn({images, 8, 4, 6}), context); };
  built.module->train();
  EXPECT_THAT(
      [&] { run(1); },
      ThrowsMessage<ShapeError>(EndsWith(
          ": expected two values or more per channel for a norm in training, got one: one image with one position; set "
          "train.batch_size to 2 or more, or preprocess the images to a larger size")));
  EXPECT_NO_THROW(run(2));
  built.module->eval();
  EXPECT_NO_THROW(run(1));
}

INSTANTIATE_TEST_SUITE_P(Mechanisms, NormOfOneTest,
                         testing::Values(NormOfOne{"se", "{batch_norm: true}"}, NormOfOne{"srm", "{}"},
                                         NormOfOne{"ge", "{extra_params: true}"}, NormOfOne{"sk", "{}"},
                                         NormOfOne{"splat", "{batch_norm: true}"}, NormOfOne{"bam", "{}"}),
                         [](const auto& mechanism) { return mechanism.param.name; });

}  // namespace
}  // namespace fovea
