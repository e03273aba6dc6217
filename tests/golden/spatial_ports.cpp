#include <fovea/base/error.h>
#include <fovea/nn/attention_map.h>

#include "peer_port.h"

namespace fovea {
namespace {

/// Our variant of what the peer has without saying so.
PortBuilder spatial_variant_port(const PortBuilder& build, const std::string& variant) {
  return port_after([=](Json& arguments) { arguments["variant"] = variant; }, build);
}

using SpatialFromMaps = std::function<torch::Tensor(const std::vector<AttentionMap>& maps)>;

/// Results that the file holds in another form than we tap them.
PortBuilder spatial_port_with_maps(const PortBuilder& build, const std::map<std::string, SpatialFromMaps>& results) {
  return [=](const Json& given, const NamedTensors& inputs) {
    PeerPort port = build(given, inputs);
    port.forward = [results, call = port.forward](const NamedTensors& from, ForwardContext& context) {
      NamedTensors all = call(from, context);
      const auto& maps = dynamic_cast<const AttentionRecorder&>(*context.probe).maps;
      for (const auto& [name, compute] : results) all[name] = compute(maps);
      return all;
    };
    return port;
  };
}

/// The i-th map, of values that are the same along a dimension, once along it.
SpatialFromMaps spatial_map_once_along(std::int64_t dimension, std::size_t i) {
  return [=](const std::vector<AttentionMap>& maps) { return maps.at(i).values.narrow(dimension, 0, 1); };
}

Translate spatial_feature_norm() {
  return [](const Json& value, PeerCall& call) {
    const auto translate = word(
        "norm", {{"torch.nn.BatchNorm2d", "batch"}, {"torch.nn.InstanceNorm2d", "instance"}, {"torch.nn.Identity", "none"}});
    translate(value.is_null() ? Json("torch.nn.Identity") : value, call);
  };
}

Translate spatial_as_many_as_arrive() {
  return [](const Json& value, PeerCall& call) {
    if (value != call.site.in.channels) throw InputError("golden", "as many channels out as in", value.dump());
  };
}

Translate spatial_negated(const std::string& option) {
  return [=](const Json& value, PeerCall& call) { call.options[option] = !value.get<bool>(); };
}

ArgumentTable with_spatial_width(ArgumentTable arguments) {
  arguments.insert({{"rd_ratio", inverse("reduction_ratio")},
                    {"rd_channels", unless_null(rename("reduced_channels"))},
                    {"rd_divisor", rename("divisor")}});
  return arguments;
}

PortBuilder timm_cbam_port() {
  return mechanism_port("cbam", "channels",
                        with_spatial_width({{"spatial_kernel_size", rename("kernel_size")},
                                            {"mlp_bias", rename("bias")},
                                            {"act_layer", activation("activation")},
                                            {"gate_layer", gate_function()}}),
                        {{"tap.channel.gate.0", 0}, {"tap.spatial.gate.0", 1}});
}

PortBuilder timm_light_cbam_port() {
  // gate_layer reaches neither part.
  return mechanism_port("lcbam", "channels",
                        with_spatial_width({{"spatial_kernel_size", rename("kernel_size")},
                                            {"mlp_bias", rename("bias")},
                                            {"act_layer", activation("activation")},
                                            {"gate_layer", ignored()}}),
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

PortBuilder bam_port() {
  const ArgumentTable arguments{{"combine", word("variant", {{"sum", "paper"}, {"product", "official"}})},
                                {"dilation", rename("dilation")},
                                {"reduction", rename("reduction_ratio")}};
  return spatial_port_with_maps(
      mechanism_port("bam", "channels", arguments),
      {{"map.dense", [](const std::vector<AttentionMap>& maps) { return 1 + maps.at(0).values; }}});
}

PortBuilder timm_coordinate_port() {
  return spatial_port_with_maps(
      mechanism_port("coord", "channels",
                     with_spatial_width({{"bias", rename("bias")},
                                         {"act_layer", activation("activation")},
                                         {"norm_layer", spatial_feature_norm()},
                                         {"gate_layer", gate_function()},
                                         {"has_skip", rename("skip")}})),
      {{"tap.gate.0", spatial_map_once_along(3, 0)}, {"tap.gate.1", spatial_map_once_along(2, 1)}});
}

PortBuilder official_coordinate_port() {
  const ArgumentTable arguments{
      {"variant", rename("variant")}, {"oup", spatial_as_many_as_arrive()}, {"reduction", rename("reduction_ratio")}};
  return spatial_variant_port(mechanism_port("coord", "inp", arguments), "official");
}

PortBuilder timm_simple_coordinate_port() {
  return mechanism_port("scoord", "channels",
                        with_spatial_width({{"bias", rename("bias")},
                                            {"act_layer", activation("activation")},
                                            {"gate_layer", gate_function()},
                                            {"has_skip", rename("skip")}}),
                        {{"tap.gate.0", 0}});
}

PortBuilder timm_efficient_local_port() {
  const ArgumentTable arguments{{"kernel_size", rename("kernel_size")},  {"bias", rename("bias")},
                                {"act_layer", activation("activation")}, {"norm_layer", spatial_feature_norm()},
                                {"gate_layer", gate_function()},         {"has_skip", rename("skip")}};
  return spatial_port_with_maps(
      mechanism_port("ela", "channels", arguments),
      {{"tap.gate.0", spatial_map_once_along(3, 0)}, {"tap.gate.1", spatial_map_once_along(2, 1)}});
}

PortBuilder timm_strip_port() {
  const ArgumentTable arguments{{"use_conv", rename("convolution")},
                                {"kernel_size", rename("kernel_size")},
                                {"bias", rename("bias")},
                                {"gate_layer", gate_function()},
                                {"has_skip", rename("skip")},
                                {"act_layer", ignored()},
                                {"norm_layer", ignored()},
                                {"rd_ratio", ignored()},
                                {"rd_channels", ignored()},
                                {"rd_divisor", ignored()}};
  const auto drop_idle = [](Json& given) {
    if (given.value("use_conv", true)) return;
    given.erase("kernel_size");
    given.erase("bias");
  };
  return port_after(drop_idle, mechanism_port("strip", "channels", arguments, {{"tap.gate.0", 0}}));
}

PortBuilder triplet_port() {
  const ArgumentTable arguments{{"kernel_size", rename("kernel_size")}, {"no_spatial", spatial_negated("spatial")}};
  return spatial_port_with_maps(mechanism_port("triplet", "", arguments, {{"map.hw", 2}}),
                                {{"map.cw", spatial_map_once_along(2, 0)}, {"map.hc", spatial_map_once_along(3, 1)}});
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
