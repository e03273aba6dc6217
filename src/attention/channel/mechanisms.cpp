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
#include <fovea/attention/families.h>

namespace fovea {

std::vector<MechanismRow> channel_mechanisms() {
  const Traits channels{{Where::item}, {Selects::soft}, {Query::self}, {Axis::channel}};
  const Traits channels_and_places{
      {Where::location, Where::item}, {Selects::soft}, {Query::self}, {Axis::channel, Axis::spatial}};
  const char* eca = "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks";
  const char* gcnet = "GCNet: Non-local Networks Meet Squeeze-Excitation Networks and Beyond";
  return {
      {"se", "two small layers weigh each channel by the means of all", "Squeeze-and-Excitation Networks", "1709.01507",
       channels, make_options<SqueezeExcitationOptions>,
       gate_of_channels<SqueezeExcitationImpl, SqueezeExcitationOptions>()},
      {"ese", "one layer of full width instead of SE's two", "CenterMask : Real-Time Anchor-Free Instance Segmentation",
       "1911.06667", channels, make_options<EffectiveSqueezeExcitationOptions>,
       gate_of_channels<EffectiveSqueezeExcitationImpl, EffectiveSqueezeExcitationOptions>()},
      {"eca", "each channel by its own mean and those of its neighbours", eca, "1910.03151", channels,
       make_options<EfficientChannelAttentionOptions>,
       gate_of_channels<EfficientChannelAttentionImpl, EfficientChannelAttentionOptions>()},
      {"ceca", "ECA whose channels form a ring", eca, "1910.03151", channels, make_options<CircularChannelAttentionOptions>,
       gate_of_channels<CircularChannelAttentionImpl, CircularChannelAttentionOptions>()},
      {"ecam", "ECA with a hidden layer", eca, "1910.03151", channels, make_options<EfficientChannelMlpOptions>,
       gate_of_channels<EfficientChannelMlpImpl, EfficientChannelMlpOptions>()},
      {"ge", "gathers a context over an extent and excites each channel with it",
       "Gather-Excite: Exploiting Feature Context in Convolutional Neural Networks", "1810.12348", channels_and_places,
       make_options<GatherExciteOptions>, built_at_point<Gate, GatherExciteImpl, GatherExciteOptions>()},
      {"srm", "each channel by its mean and deviation",
       "SRM : A Style-based Recalibration Module for Convolutional Neural Networks", "1903.10829", channels,
       make_options<StyleRecalibrationOptions>, gate_of_channels<StyleRecalibrationImpl, StyleRecalibrationOptions>()},
      {"gct", "channels compete by their norms; starts as the identity",
       "Gated Channel Transformation for Visual Recognition", "1909.11519", channels,
       make_options<GatedChannelTransformationOptions>,
       gate_of_channels<GatedChannelTransformationImpl, GatedChannelTransformationOptions>()},
      {"fca", "SE that squeezes by cosine frequencies instead of means", "FcaNet: Frequency Channel Attention Networks",
       "2012.11879", channels, make_options<FrequencyChannelAttentionOptions>,
       gate_of_channels<FrequencyChannelAttentionImpl, FrequencyChannelAttentionOptions>()},
      {"gc", "a softmax over positions gathers a context, which weighs the channels", gcnet, "1904.11492",
       channels_and_places, make_options<GlobalContextGateOptions>,
       gate_of_channels<GlobalContextImpl, GlobalContextGateOptions>()},
      {"gca", "the same context, added instead: the paper's form", gcnet, "1904.11492", channels_and_places,
       make_options<GlobalContextOptions>, gate_of_channels<GlobalContextImpl, GlobalContextOptions>()},
      {.name = "simam",
       .summary = "each value by its distance from its channel's mean; no parameters",
       .title = "SimAM: A Simple, Parameter-Free Attention Module for Convolutional Neural Networks",
       .arxiv = "",
       .traits = channels_and_places,
       .make_options = make_options<SimamOptions>,
       .build = gate_of_channels<SimamImpl, SimamOptions>(),
       .reference = "ICML 2021"},
  };
}

}  // namespace fovea
