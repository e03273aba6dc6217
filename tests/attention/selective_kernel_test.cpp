#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/branch/selective_kernel.h>
#include <fovea/base/error.h>
#include <fovea/nn/initialise.h>

#include "gate_run.h"
#include "plain_norms.h"

namespace fovea {
namespace {

InsertionPoint branch_point(std::int64_t in, std::int64_t out) {
  return {.kind = InsertionKind::conv, .in = {in, 1, 3}, .out_channels = out, .path = "sk"};
}

TEST(SelectiveKernelTest, ChoosesTheBranchThatItsScoresName) {
  SelectiveKernelOptions options;
  options.split_input = false;
  options.reduced_channels = 1;
  SelectiveKernelImpl mixer(branch_point(1, 1), options);
  make_norms_plain(mixer);
  set_parameter(mixer, "paths.0.conv.weight", {0, 0, 0, 0, 1, 0, 0, 0, 0});  // the position itself
  set_parameter(mixer, "paths.1.conv.weight", {0, 0, 0, 0, 0, 1, 0, 0, 0});  // two positions to the right: a dilated 3 x 3
  set_parameter(mixer, "attn.fc_reduce.weight", {1});
  const auto features = channels_of({{1, 2, 3}});
  const double sum = (1 + 2 + 3) + 3;  // of both branches: the second has the 3 that lies two positions from the 1
  set_parameter(mixer, "attn.fc_select.weight", {0, std::log(3) / (sum / 3)});
  const auto run = run_mixer(mixer, features);
  EXPECT_TRUE(nearly_equal(run.maps[0].values, {0.25, 0.75}));
  EXPECT_TRUE(nearly_equal(run.output, {0.25 * 1 + 0.75 * 3, 0.25 * 2, 0.25 * 3}));
}

TEST(SelectiveKernelTest, SplitBranchesSeeTheirOwnChannels) {
  SelectiveKernelImpl mixer(branch_point(4, 6), {});
  initialise(mixer, 1);  // norms pass zero as zero
  auto parameters = mixer.named_parameters();
  EXPECT_EQ(parameters["paths.0.conv.weight"].sizes(), (std::vector<std::int64_t>{6, 2, 3, 3}));
  const auto of_last_channel = channels_of({{0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1}}).to(torch::kFloat32);
  const torch::NoGradGuard no_grad;
  mixer.eval();
  ForwardContext context;
  EXPECT_GT(mixer.forward(of_last_channel, context).abs().max().item<double>(), 0);
  parameters["paths.1.conv.weight"].zero_();
  EXPECT_EQ(mixer.forward(of_last_channel, context).abs().max().item<double>(), 0);  // the first branch sees nothing of it
}

TEST(SelectiveKernelTest, RefusesWhatDoesNotDivide) {
  const auto message = [](std::int64_t in, const SelectiveKernelOptions& options) -> std::string {
    try {
      SelectiveKernelImpl(branch_point(in, 6), options);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  };
  SelectiveKernelOptions even, three, groups;
  even.kernel_sizes = {3, 4};
  three.kernel_sizes = {3, 5, 7};
  groups.groups = 4;
  using testing::HasSubstr;
  EXPECT_THAT(message(4, even), HasSubstr("sk: kernel_sizes: expected odd numbers, got 4"));
  EXPECT_THAT(message(4, three), HasSubstr("sk: kernel_sizes: expected a divisor of the 4 channels, got 3"));
  EXPECT_THAT(message(8, groups), HasSubstr("sk: groups: expected a divisor of the 6 channels, got 4"));
}

}  // namespace
}  // namespace fovea
