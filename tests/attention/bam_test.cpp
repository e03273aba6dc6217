#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/spatial/bam.h>

#include "gate_run.h"
#include "plain_norms.h"

namespace fovea {
namespace {

TEST(BamTest, DilatedConvolutionsSeeCellsAtADistance) {
  BamOptions options;
  options.dilation = 2;
  BamImpl gate(1, options);
  const torch::NoGradGuard no_grad;
  for (auto& parameter : gate.parameters()) parameter.zero_();
  make_norms_plain(gate);
  for (const char* norm : {"gate_s_bn_reduce0", "gate_s_bn_di_0", "gate_s_bn_di_1"}) {
    set_parameter(gate, std::string("spatial_att.gate_s.") + norm + ".weight", {1});
  }
  set_parameter(gate, "spatial_att.gate_s.gate_s_conv_reduce0.weight", {1});
  set_parameter(gate, "spatial_att.gate_s.gate_s_conv_di_0.weight", {0, 0, 0, 1, 0, 0, 0, 0, 0});  // what is to the left
  set_parameter(gate, "spatial_att.gate_s.gate_s_conv_di_1.weight", {0, 0, 0, 0, 1, 0, 0, 0, 0});
  set_parameter(gate, "spatial_att.gate_s.gate_s_conv_final.weight", {1});
  const auto features = channels_of({{1, 2, 3, 4, 5}});
  const auto run = run_gate(gate, features);
  EXPECT_TRUE(nearly_equal(torch::logit(run.maps[0].values), {0, 0, 1, 2, 3}));
  EXPECT_TRUE(torch::allclose(run.output, features * (1 + run.maps[0].values)));
}

TEST(BamTest, BranchesAreAsWideAsTheRatioRoundedDown) {
  BamOptions options;
  options.reduction_ratio = 5;
  for (const auto& [channels, width] : {std::pair{16, 3}, {4, 1}}) {
    auto parameters = BamImpl(channels, options).named_parameters();
    EXPECT_EQ(parameters["channel_att.gate_c.gate_c_fc_0.weight"].size(0), width);
    EXPECT_EQ(parameters["spatial_att.gate_s.gate_s_conv_reduce0.weight"].size(0), width);
  }
}

}  // namespace
}  // namespace fovea
