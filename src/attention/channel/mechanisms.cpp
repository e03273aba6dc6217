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
#include <fovea/attention/internal/families.h>

namespace fovea {
namespace {

std::shared_ptr<Gate> gather_excite_of_shape(const Options& options, const InsertionPoint& point) {
  return std::make_shared<GatherExciteImpl>(point.in, options_cast<GatherExciteOptions>(options));
}

}  // namespace

std::vector<MechanismRow> channel_mechanisms() {
  const Traits channels{{Where::item}, {Selects::soft}, {Query::self}, {Axis::channel}};
  const Traits channels_and_positions{
      {Where::location, Where::item}, {Selects::soft}, {Query::self}, {Axis::channel, Axis::spatial}};
  const char* eca = "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks";
  const char* gcnet = "GCNet: Non-local Networks Meet Squeeze-Excitation Networks and Beyond";
  return {
      {.name = "se",
       .summary = "two small layers weigh each channel by the means of all",
       .title = "Squeeze-and-Excitation Networks",
       .arxiv = "1709.01507",
       .traits = channels,
       .make_options = make_options<SqueezeExcitationOptions>,
       .build = gate_of_channels<SqueezeExcitationImpl, SqueezeExcitationOptions>()},
      {.name = "ese",
       .summary = "one layer of full width instead of SE's two",
       .title = "CenterMask : Real-Time Anchor-Free Instance Segmentation",
       .arxiv = "1911.06667",
       .traits = channels,
       .make_options = make_options<EffectiveSqueezeExcitationOptions>,
       .build = gate_of_channels<EffectiveSqueezeExcitationImpl, EffectiveSqueezeExcitationOptions>()},
      {.name = "eca",
       .summary = "each channel by its own mean and those of its neighbours",
       .title = eca,
       .arxiv = "1910.03151",
       .traits = channels,
       .make_options = make_options<EfficientChannelAttentionOptions>,
       .build = gate_of_channels<EfficientChannelAttentionImpl, EfficientChannelAttentionOptions>()},
      {.name = "ceca",
       .summary = "ECA whose channels form a ring",
       .title = eca,
       .arxiv = "1910.03151",
       .traits = channels,
       .make_options = make_options<CircularChannelAttentionOptions>,
       .build = gate_of_channels<CircularChannelAttentionImpl, CircularChannelAttentionOptions>()},
      {.name = "ecam",
       .summary = "ECA with a hidden layer",
       .title = eca,
       .arxiv = "1910.03151",
       .traits = channels,
       .make_options = make_options<EfficientChannelMlpOptions>,
       .build = gate_of_channels<EfficientChannelMlpImpl, EfficientChannelMlpOptions>()},
      {.name = "ge",
       .summary = "gathers a context over an extent and excites each channel with it",
       .title = "Gather-Excite: Exploiting Feature Context in Convolutional Neural Networks",
       .arxiv = "1810.12348",
       .traits = channels_and_positions,
       .make_options = make_options<GatherExciteOptions>,
       .build = gather_excite_of_shape},
      {.name = "srm",
       .summary = "each channel by its mean and standard deviation",
       .title = "SRM : A Style-based Recalibration Module for Convolutional Neural Networks",
       .arxiv = "1903.10829",
       .traits = channels,
       .make_options = make_options<StyleRecalibrationOptions>,
       .build = gate_of_channels<StyleRecalibrationImpl, StyleRecalibrationOptions>()},
      {.name = "gct",
       .summary = "channels compete by their norms; starts as the identity",
       .title = "Gated Channel Transformation for Visual Recognition",
       .arxiv = "1909.11519",
       .traits = channels,
       .make_options = make_options<GatedChannelTransformationOptions>,
       .build = gate_of_channels<GatedChannelTransformationImpl, GatedChannelTransformationOptions>()},
      {.name = "fca",
       .summary = "SE that squeezes by cosine frequencies instead of means",
       .title = "FcaNet: Frequency Channel Attention Networks",
       .arxiv = "2012.11879",
       .traits = channels,
       .make_options = make_options<FrequencyChannelAttentionOptions>,
       .build = gate_of_channels<FrequencyChannelAttentionImpl, FrequencyChannelAttentionOptions>()},
      {.name = "gc",
       .summary = "a softmax over positions gathers a context, which weighs the channels",
       .title = gcnet,
       .arxiv = "1904.11492",
       .traits = channels_and_positions,
       .make_options = make_options<GlobalContextGateOptions>,
       .build = gate_of_channels<GlobalContextImpl, GlobalContextGateOptions>()},
      {.name = "gca",
       .summary = "the same context, added instead: the paper's form",
       .title = gcnet,
       .arxiv = "1904.11492",
       .traits = channels_and_positions,
       .make_options = make_options<GlobalContextOptions>,
       .build = gate_of_channels<GlobalContextImpl, GlobalContextOptions>()},
      {.name = "simam",
       .summary = "each value by its distance from its channel's mean; no parameters",
       .title = "SimAM: A Simple, Parameter-Free Attention Module for Convolutional Neural Networks",
       .arxiv = "",
       .traits = channels_and_positions,
       .make_options = make_options<SimamOptions>,
       .build = gate_of_channels<SimamImpl, SimamOptions>(),
       .reference = "ICML 2021"},
  };
}

}  // namespace fovea
