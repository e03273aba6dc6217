#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/spatial/concurrent_squeeze_excitation.h>

#include "gate_run.h"

namespace fovea {
namespace {

TEST(ConcurrentSqueezeExcitationTest, BothGatesResultsAreAdded) {
  ConcurrentSqueezeExcitationOptions options;
  options.gate = GateFunction::hard_sigmoid;
  ConcurrentSqueezeExcitationImpl gate(1, options);
  for (const char* layer : {"cSE.1", "cSE.3", "sSE.0"}) {
    set_parameter(gate, std::string(layer) + ".weight", {1});
    set_parameter(gate, std::string(layer) + ".bias", {0});
  }
  const auto run = run_gate(gate, channels_of({{-1, 1, 3}}));
  ASSERT_EQ(run.maps.size(), 2U);
  EXPECT_TRUE(nearly_equal(run.maps[0].values, {4.0 / 6}));                // of the mean 1
  EXPECT_TRUE(nearly_equal(run.maps[1].values, {2.0 / 6, 4.0 / 6, 1.0}));  // of each position
  EXPECT_TRUE(nearly_equal(run.output, {-1.0, 8.0 / 6, 5.0}));
}

TEST(ConcurrentSqueezeExcitationTest, BottleneckIsAsWideAsTheRatioRoundedDown) {
  ConcurrentSqueezeExcitationOptions options;
  options.reduction_ratio = 5;
  EXPECT_EQ(ConcurrentSqueezeExcitationImpl(19, options).named_parameters()["cSE.1.weight"].size(0), 3);
  EXPECT_EQ(ConcurrentSqueezeExcitationImpl(4, options).named_parameters()["cSE.1.weight"].size(0), 1);
}

}  // namespace
}  // namespace fovea
