#include <fovea/base/error.h>
#include <fovea/config/config_node.h>
#include <fovea/nn/attention_map.h>

#include "peer_port.h"

namespace fovea {
namespace {

/// Our variant of what the peer has without saying so.
PortBuilder spatial_variant_port(const PortBuilder& build, const std::string& variant) {
  return port_after([=](Json& arguments) { arguments["variant"] = variant; }, build);
}

Translate spatial_feature_norm() {
  return [](const Json& value, PeerCall& call) {
    const auto translate = word("norm", {{"torch.nn.BatchNorm2d", "batch"},
                                         {"torch.nn.InstanceNorm2d", "instance"},
                                         {"torch.nn.Identity", "none"},
                                         {"timm.layers.GroupNorm1", "group"}});
    translate(value.is_null() ? Json("torch.nn.Identity") : value, call);
  };
}

Translate spatial_as_many_as_arrive() {
  return [](const Json& value, PeerCall& call) {
    if (value != call.point.in.channels) throw InputError("golden", "as many channels out as in", value.dump());
  };
}

Translate spatial_negated(const std::string& option) {
  return [=](const Json& value, PeerCall& call) { call.options[option] = !value.get<bool>(); };
}

PortBuilder timm_cbam_port() {
  return mechanism_port("cbam", "channels",
                        with_width({{"spatial_kernel_size", rename("kernel_size")},
                                    {"mlp_bias", rename("bias")},
                                    {"act_layer", activation("activation")},
                                    {"gate_layer", gate_function()}},
                                   "cbam"),
                        {{"tap.channel.gate.0", 0}, {"tap.spatial.gate.0", 1}});
}

PortBuilder timm_light_cbam_port() {
  // gate_layer reaches neither part.
  return mechanism_port("lcbam", "channels",
                        with_width({{"spatial_kernel_size", rename("kernel_size")},
                                    {"mlp_bias", rename("bias")},
                                    {"act_layer", activation("activation")},
                                    {"gate_layer", ignored()}},
                                   "lcbam"),
                        {{"tap.spatial.gate.0", 1}});
}

PortBuilder official_cbam_port() {
  const ArgumentTable arguments{
      {"variant", rename("variant")}, {"reduction_ratio", rename("reduction_ratio")}, {"pool_types", rename("pools")}};
  return spatial_variant_port(mechanism_port("cbam", "gate_channels", arguments, {},
                                             {{"ChannelGate.mlp.1.", "channel.fc1."},
                                              {"ChannelGate.mlp.3.", "channel.fc2."},
                                              {"SpatialGate.spatial.", "spatial.conv."}}),
                              "official");
}

/// Its map is what multiplies the input: 1 + our gate.
PortBuilder bam_port() {
  const auto build = mechanism_port("bam", "channels",
                                    {{"combine", word("variant", {{"sum", "paper"}, {"product", "official"}})},
                                     {"dilation", rename("dilation")},
                                     {"reduction", rename("reduction_ratio")}});
  return [build](const Json& arguments, const NamedTensors& inputs) {
    PeerPort port = build(arguments, inputs);
    port.forward = [call = port.forward](const NamedTensors& from, ForwardContext& context) {
      NamedTensors results = call(from, context);
      results["map.dense"] = 1 + dynamic_cast<const AttentionRecorder&>(*context.hooks).maps.at(0).values;
      return results;
    };
    return port;
  };
}

const std::map<std::string, std::size_t> kRowAndColumnGates{{"tap.gate.0", 0}, {"tap.gate.1", 1}};

PortBuilder timm_coordinate_port() {
  return mechanism_port("coord", "channels",
                        with_width({{"se_factor", rename("width_factor")},
                                    {"bias", rename("bias")},
                                    {"act_layer", activation("activation")},
                                    {"norm_layer", spatial_feature_norm()},
                                    {"gate_layer", gate_function()},
                                    {"has_skip", rename("skip")}},
                                   "coord"),
                        kRowAndColumnGates);
}

PortBuilder official_coordinate_port() {
  const ArgumentTable arguments{
      {"variant", rename("variant")}, {"oup", spatial_as_many_as_arrive()}, {"reduction", rename("reduction_ratio")}};
  return spatial_variant_port(mechanism_port("coord", "inp", arguments), "official");
}

PortBuilder timm_simple_coordinate_port() {
  return mechanism_port("scoord", "channels",
                        with_width({{"se_factor", rename("width_factor")},
                                    {"bias", rename("bias")},
                                    {"act_layer", activation("activation")},
                                    {"gate_layer", gate_function()},
                                    {"has_skip", rename("skip")}},
                                   "scoord"),
                        {{"tap.gate.0", 0}});
}

PortBuilder timm_efficient_local_port() {
  const ArgumentTable arguments{{"kernel_size", rename("kernel_size")},  {"bias", rename("bias")},
                                {"act_layer", activation("activation")}, {"norm_layer", spatial_feature_norm()},
                                {"gate_layer", gate_function()},         {"has_skip", rename("skip")}};
  return mechanism_port("ela", "channels", arguments, kRowAndColumnGates);
}

PortBuilder timm_strip_port() {
  const ArgumentTable arguments{{"use_conv", rename("convolution")},
                                {"kernel_size", rename("kernel_size")},
                                {"bias", rename("bias")},
                                {"gate_layer", gate_function()},
                                {"has_skip", rename("skip")}};
  const auto drop_idle = [](Json& given) {
    if (given.value("use_conv", true)) return;
    given.erase("kernel_size");
    given.erase("bias");
  };
  return port_after(drop_idle, mechanism_port("strip", "channels", ignoring_others(arguments), {{"tap.gate.0", 0}}));
}

PortBuilder triplet_port() {
  const ArgumentTable arguments{{"kernel_size", rename("kernel_size")}, {"no_spatial", spatial_negated("spatial")}};
  return mechanism_port("triplet", "", arguments, {{"map.cw", 0}, {"map.hc", 1}, {"map.hw", 2}});
}

}  // namespace

const PortTable& spatial_ports() {
  static const PortTable table{
      {"timm.layers.create_attn:cbam", timm_cbam_port()},
      {"timm.layers.create_attn:lcbam", timm_light_cbam_port()},
      {"MODELS.cbam.CBAM", official_cbam_port()},
      {"formula.BAM", bam_port()},
      {"formula.ScSE", mechanism_port("scse", "channels", {{"reduction", rename("reduction_ratio")}},
                                      {{"map.channel", 0}, {"map.spatial", 1}})},
      {"timm.layers.create_attn:coord", timm_coordinate_port()},
      {"coordatt.CoordAtt", official_coordinate_port()},
      {"timm.layers.create_attn:scoord", timm_simple_coordinate_port()},
      {"timm.layers.create_attn:ela", timm_efficient_local_port()},
      {"timm.layers.create_attn:strip", timm_strip_port()},
      {"formula.Triplet", triplet_port()},
  };
  return table;
}

}  // namespace fovea
