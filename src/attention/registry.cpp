#include <algorithm>
#include <utility>

#include <fovea/attention/cbam.h>
#include <fovea/attention/efficient_channel_attention.h>
#include <fovea/attention/registry.h>
#include <fovea/attention/squeeze_excitation.h>
#include <fovea/config/find_row.h>

namespace fovea {
namespace {

template <typename MechanismOptions>
std::unique_ptr<Options> make_options() {
  return std::make_unique<MechanismOptions>();
}

/// A gate is built from its options and the number of channels that arrive.
template <typename GateType, typename GateOptions>
GateBuilder gate() {
  return [](const Options& options, const Site& site) {
    return std::make_shared<GateType>(site.in.channels, dynamic_cast<const GateOptions&>(options));
  };
}

}  // namespace

const std::vector<MechanismRow>& mechanism_registry() {
  static const std::vector<MechanismRow> rows{
      {"se",
       "Squeeze-and-Excitation Networks",
       "1709.01507",
       {{Where::item}, {Selects::soft}, {Asks::self}, {Axis::channel}},
       make_options<SqueezeExcitationOptions>,
       gate<SqueezeExcitation, SqueezeExcitationOptions>()},
      {"eca",
       "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks",
       "1910.03151",
       {{Where::item}, {Selects::soft}, {Asks::self}, {Axis::channel}},
       make_options<EfficientChannelAttentionOptions>,
       gate<EfficientChannelAttention, EfficientChannelAttentionOptions>()},
      {"cbam",
       "CBAM: Convolutional Block Attention Module",
       "1807.06521",
       {{Where::location, Where::item}, {Selects::soft}, {Asks::self}, {Axis::channel, Axis::spatial}},
       make_options<CbamOptions>,
       gate<Cbam, CbamOptions>()},
  };
  return rows;
}

const MechanismRow& find_mechanism(const std::string& name, const std::string& origin) {
  return find_row(mechanism_registry(), name, origin, "an attention mechanism", "blocks");
}

const char* MechanismRow::kind() const {
  constexpr const char* kKinds[] = {"gate", "mixer", "pool", "warp"};
  return kKinds[build.index()];
}

std::vector<Slot> MechanismRow::slots() const {
  const std::vector<Slot> slots[] = {{Slot::block, Slot::stage}, {Slot::conv}, {Slot::pool}, {Slot::input, Slot::stage}};
  return slots[build.index()];
}

}  // namespace fovea
