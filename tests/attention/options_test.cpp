// Options of mechanisms are plain structs, which designated initialisers can fill.

#include <functional>
#include <type_traits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/branch/selective_kernel.h>
#include <fovea/attention/branch/split_attention.h>
#include <fovea/attention/channel/circular_channel_attention.h>
#include <fovea/attention/channel/effective_squeeze_excitation.h>
#include <fovea/attention/channel/efficient_channel_attention.h>
#include <fovea/attention/channel/efficient_channel_mlp.h>
#include <fovea/attention/channel/frequency_channel_attention.h>
#include <fovea/attention/channel/gated_channel_transformation.h>
#include <fovea/attention/channel/gather_excite.h>
#include <fovea/attention/channel/global_context.h>
#include <fovea/attention/channel/simam.h>
#include <fovea/attention/channel/squeeze_excitation.h>
#include <fovea/attention/channel/style_recalibration.h>
#include <fovea/attention/spatial/bam.h>
#include <fovea/attention/spatial/cbam.h>
#include <fovea/attention/spatial/concurrent_squeeze_excitation.h>
#include <fovea/attention/spatial/coordinate_attention.h>
#include <fovea/attention/spatial/efficient_local_attention.h>
#include <fovea/attention/spatial/large_kernel_attention.h>
#include <fovea/attention/spatial/light_cbam.h>
#include <fovea/attention/spatial/residual_attention.h>
#include <fovea/attention/spatial/simple_coordinate_attention.h>
#include <fovea/attention/spatial/strip_attention.h>
#include <fovea/attention/spatial/triplet_attention.h>
#include <fovea/base/error.h>

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// An aggregate whose first field is one of its own: with a base class, its first initialiser would be the base's.
template <typename T, typename First>
constexpr bool kPlainAggregate = std::is_aggregate_v<T> && !std::is_polymorphic_v<T> && requires(First first) {
  T{first};
};

static_assert(kPlainAggregate<SelectiveKernelOptions, double>);
static_assert(kPlainAggregate<SplitAttentionOptions, double>);
static_assert(kPlainAggregate<CircularChannelAttentionOptions, std::int64_t>);
static_assert(kPlainAggregate<EffectiveSqueezeExcitationOptions, bool>);
static_assert(kPlainAggregate<EfficientChannelAttentionOptions, std::int64_t>);
static_assert(kPlainAggregate<EfficientChannelMlpOptions, double>);
static_assert(kPlainAggregate<FrequencyChannelAttentionOptions, std::int64_t>);
static_assert(kPlainAggregate<GatedChannelTransformationOptions, ChannelNorm>);
static_assert(kPlainAggregate<GatherExciteOptions, double>);
static_assert(kPlainAggregate<GlobalContextOptions, double>);
static_assert(kPlainAggregate<GlobalContextGateOptions, double>);
static_assert(kPlainAggregate<SimamOptions, double>);
static_assert(kPlainAggregate<SqueezeExcitationOptions, double>);
static_assert(kPlainAggregate<StyleRecalibrationOptions, GateFunction>);
static_assert(kPlainAggregate<BamOptions, BamVariant>);
static_assert(kPlainAggregate<CbamOptions, double>);
static_assert(kPlainAggregate<ConcurrentSqueezeExcitationOptions, double>);
static_assert(kPlainAggregate<CoordinateAttentionOptions, CoordinateVariant>);
static_assert(kPlainAggregate<EfficientLocalAttentionOptions, std::int64_t>);
static_assert(kPlainAggregate<LargeKernelAttentionOptions, std::int64_t>);
static_assert(kPlainAggregate<LightCbamOptions, double>);
static_assert(kPlainAggregate<ResidualAttentionOptions, std::int64_t>);
static_assert(kPlainAggregate<SimpleCoordinateAttentionOptions, double>);
static_assert(kPlainAggregate<StripAttentionOptions, bool>);
static_assert(kPlainAggregate<TripletAttentionOptions, std::int64_t>);

TEST(MechanismOptionsTest, AreFilledByName) {
  const auto shape = [](torch::nn::Module& module, const char* name) {
    return module.named_parameters()[name].sizes().vec();
  };
  using testing::ElementsAre;
  EfficientChannelAttention eca(16, EfficientChannelAttentionOptions{.kernel_size = 5});
  EXPECT_THAT(shape(*eca, "conv.weight"), ElementsAre(1, 1, 5));
  Cbam cbam(16, CbamOptions{.reduction_ratio = 8, .kernel_size = 3});
  EXPECT_THAT(shape(*cbam, "channel.fc1.weight"), ElementsAre(2, 16, 1, 1));
  EXPECT_THAT(shape(*cbam, "spatial.conv.conv.weight"), ElementsAre(1, 2, 3, 3));
  GlobalContext gate(16, GlobalContextGateOptions{.reduced_channels = 3, .add = true});
  EXPECT_THAT(shape(*gate, "mlp_scale.fc1.weight"), ElementsAre(3, 16, 1, 1));
  EXPECT_THAT(shape(*gate, "mlp_add.fc1.weight"), ElementsAre(3, 16, 1, 1));
  SplitAttention splat(16, 24, SplitAttentionOptions{.radix = 4});
  EXPECT_THAT(shape(*splat, "conv.weight"), ElementsAre(4 * 24, 16 / 4, 3, 3));
}

TEST(MechanismOptionsTest, OutOfRangeAreRefusedBeforeAnythingDivides) {
  EXPECT_THAT([] { SplitAttention(16, 16, SplitAttentionOptions{.radix = 0}); },
              ThrowsMessage<InputError>(HasSubstr("SplitAttention: radix: expected an integer from 1 to 64, got 0")));
  EXPECT_THAT([] { FrequencyChannelAttention(16, FrequencyChannelAttentionOptions{.frequencies = 0}); },
              ThrowsMessage<InputError>(HasSubstr("FrequencyChannelAttention: frequencies: expected an integer from 1 to")));
  EXPECT_THAT([] { CosineSqueeze(16, FrequencyChannelAttentionOptions{.frequencies = 0}); },
              ThrowsMessage<InputError>(HasSubstr("CosineSqueeze: frequencies: expected")));
  EXPECT_THAT([] { Cbam(16, CbamOptions{.reduction_ratio = 0}); },
              ThrowsMessage<InputError>(HasSubstr("Cbam: reduction_ratio: expected a number >= 0.001, got 0")));
  EXPECT_THAT([] { CbamChannelGate(16, CbamOptions{.reduction_ratio = 0}); },
              ThrowsMessage<InputError>(HasSubstr("CbamChannelGate: reduction_ratio: expected")));
  EXPECT_THAT([] { LightCbamChannelGate(16, LightCbamOptions{.divisor = 0}); },
              ThrowsMessage<InputError>(HasSubstr("LightCbamChannelGate: divisor: expected")));
  EXPECT_THAT([] { LargeKernelUnit(16, LargeKernelAttentionOptions{.dilation = 0}); },
              ThrowsMessage<InputError>(HasSubstr("LargeKernelUnit: dilation: expected")));
}

TEST(MechanismOptionsTest, PartsOfAMechanismCheckWhatTheWholeChecks) {
  for (const auto& make :
       std::vector<std::function<void(const CbamOptions&)>>{[](const CbamOptions& options) { CbamChannelGate(16, options); },
                                                            [](const CbamOptions& options) { CbamSpatialGate{options}; },
                                                            [](const CbamOptions& options) { Cbam(16, options); }}) {
    EXPECT_THAT(
        [&] { make({.variant = CbamVariant::official, .bias = true}); },
        ThrowsMessage<InputError>(HasSubstr("cbam: variant: expected no divisor and no bias beside official, got bias")));
  }
  const torch::Tensor other_channels = torch::zeros({2, 8, 5, 7});
  EXPECT_THAT([&] { CbamChannelGate(16)(other_channels); },
              ThrowsMessage<ShapeError>(HasSubstr("CbamChannelGate: expected [N, 16, H, W], got [2, 8, 5, 7]")));
  EXPECT_THROW(LightCbamChannelGate(16)(other_channels), ShapeError);
  EXPECT_THROW(ScseChannelGate(16)(other_channels), ShapeError);
  EXPECT_THROW(ScseSpatialGate(16)(other_channels), ShapeError);
  const torch::Tensor tokens = torch::zeros({2, 8, 5});
  EXPECT_THAT([&] { CbamSpatialGate()(tokens); },
              ThrowsMessage<ShapeError>(HasSubstr("CbamSpatialGate: expected [N, C, H, W], got [2, 8, 5]")));
  EXPECT_THROW(LightCbamSpatialGate()(tokens), ShapeError);
  EXPECT_THROW(TripletPlane(3)(tokens), ShapeError);
}

TEST(MechanismOptionsTest, AWidthThatIsSetTwiceNamesItsMechanism) {
  EXPECT_THAT([] { SqueezeExcitation(16, SqueezeExcitationOptions{.reduction_ratio = 2, .reduced_channels = 4}); },
              ThrowsMessage<InputError>(HasSubstr("se: reduced_channels: expected no reduction_ratio and no divisor")));
  EXPECT_THAT([] { SelectiveKernel(16, 16, SelectiveKernelOptions{.reduced_channels = 4, .divisor = 2}); },
              ThrowsMessage<InputError>(HasSubstr("sk: reduced_channels: expected no reduction_ratio and no divisor")));
  SimpleCoordinateAttentionOptions twice;
  twice.reduced_channels = 4;
  twice.width_factor = 2;
  EXPECT_THAT([&] { SimpleCoordinateAttention(16, twice); },
              ThrowsMessage<InputError>(HasSubstr(
                  "scoord: reduced_channels: expected no reduction_ratio, no divisor and no width_factor beside it")));
}

TEST(MechanismOptionsTest, ChannelsAreAtLeastOne) {
  EXPECT_THAT([] { Cbam(0); }, ThrowsMessage<InputError>(HasSubstr("Cbam: channels: expected an integer >= 1, got 0")));
  EXPECT_THAT([] { CbamChannelGate(-1); }, ThrowsMessage<InputError>(HasSubstr("CbamChannelGate: channels: expected")));
  EXPECT_THAT([] { EfficientChannelAttention(0); },
              ThrowsMessage<InputError>(HasSubstr("EfficientChannelAttention: channels: expected")));
  EXPECT_THAT([] { SelectiveKernel(16, 0); },
              ThrowsMessage<InputError>(HasSubstr("SelectiveKernel: out_channels: expected an integer >= 1, got 0")));
  EXPECT_THAT([] { SplitAttention(16, 16, SplitAttentionOptions{}, 0); },
              ThrowsMessage<InputError>(HasSubstr("SplitAttention: stride: expected an integer >= 1, got 0")));
}

}  // namespace
}  // namespace fovea
