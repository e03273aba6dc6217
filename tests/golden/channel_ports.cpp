#include <bit>
#include <cmath>

#include <fovea/base/error.h>
#include <fovea/config/config_node.h>
#include <fovea/nn/attention_map.h>

#include "peer_port.h"

namespace fovea {
namespace {

const std::map<std::string, std::size_t> kChannelGateMap{{"tap.gate.0", 0}};
const std::map<std::string, std::size_t> kChannelMap{{"map.channel", 0}};

PortBuilder se_port() {
  const ArgumentTable arguments{
      {"bias", rename("bias")},
      {"add_maxpool", rename("max_pool")},
      {"act_layer", activation("activation")},
      {"norm_layer", unless_null(word("batch_norm", {{"torch.nn.BatchNorm2d", true}, {"torch.nn.Identity", false}}))},
      {"gate_layer", gate_function()}};
  return mechanism_port("se", "channels", with_width(arguments, "se"), kChannelGateMap);
}

/// timm's EfficientNets and MobileNets: a width that is not given is Python's round(), which takes the even neighbour of a
/// half.
PortBuilder mobile_se_port() {
  const auto choose_width = [](Json& arguments) {
    const double width = arguments.at("in_chs").get<double>() * arguments.value("rd_ratio", 0.25);
    arguments.erase("rd_ratio");
    if (!arguments.contains("rd_channels")) arguments["rd_channels"] = static_cast<std::int64_t>(std::nearbyint(width));
    arguments["names"] = "conv";
  };
  return port_after(choose_width, mechanism_port("se", "in_chs",
                                                 {{"rd_channels", rename("reduced_channels")},
                                                  {"names", rename("names")},
                                                  {"act_layer", activation("activation")},
                                                  {"gate_layer", gate_function()}},
                                                 kChannelGateMap));
}

/// timm's EcaModule: `ecam` with use_mlp, else `eca`, which reads none of the hidden layer's arguments. It ignores
/// kernel_size whenever channels are given, as create_attn does.
PortBuilder eca_port(bool use_mlp) {
  const ArgumentTable plain{{"kernel_size", ignored()}, {"gate_layer", gate_function()}};
  ArgumentTable hidden = with_width(plain, "ecam");
  hidden["act_layer"] = unless_null(activation("activation"));
  const auto eca = mechanism_port("eca", "channels", plain, kChannelGateMap);
  const auto ecam = mechanism_port("ecam", "channels", hidden, kChannelGateMap);
  return [=](const Json& given, const NamedTensors& inputs) {
    Json arguments = given;
    const bool mlp = arguments.value("use_mlp", use_mlp);
    arguments.erase("use_mlp");
    if (mlp) return ecam(arguments, inputs);
    for (const char* name : {"act_layer", "rd_ratio", "rd_channels", "rd_divisor"}) arguments.erase(name);
    return eca(arguments, inputs);
  };
}

/// With an act_layer, timm's CecaModule gives its convolution a bias, and applies no activation.
Translate bias_unless_null() {
  return unless_null([](const Json&, PeerCall& call) { call.options["bias"] = true; });
}

/// Arguments that timm's GatherExcite accepts without reading them are ignored. It gathers with int(log2(extent))
/// convolutions, and with a norm behind each unless norm_layer is null.
void drop_idle_of_ge(Json& arguments) {
  const bool convolves = arguments.value("extra_params", false);
  const std::uint64_t extent = arguments.value("extent", std::uint64_t{0});
  if (convolves) {
    arguments.erase("add_maxpool");
    if (extent > 0) arguments["extent"] = std::bit_floor(extent);
  } else {
    arguments.erase("norm_layer");
  }
  if (arguments.value("use_mlp", true)) return;
  for (const char* name : {"rd_ratio", "rd_channels", "rd_divisor"}) arguments.erase(name);
  if (!convolves || extent < 4) arguments.erase("act_layer");
}

Translate expect_norm() {
  return [](const Json& value, PeerCall&) {
    if (value.is_null()) throw InputError("golden", "a norm", "null");
  };
}

PortBuilder ge_port() {
  const ArgumentTable arguments{{"extent", rename("extent")},
                                {"extra_params", rename("extra_params")},
                                {"feat_size", ignored()},  // the size of the input
                                {"use_mlp", rename("mlp")},
                                {"add_maxpool", rename("max_pool")},
                                {"norm_layer", expect_norm()},  // whichever: timm takes BatchNorm2d
                                {"act_layer", activation("activation")},
                                {"gate_layer", gate_function()}};
  return port_after(drop_idle_of_ge, mechanism_port("ge", "channels", with_width(arguments, "ge"), kChannelGateMap));
}

/// The formula's file spreads a gate of whole channels over the positions.
PortBuilder formula_ge_port() {
  return [port = ge_port()](const Json& given, const NamedTensors& inputs) {
    PeerPort ge = port(given, inputs);
    ge.forward = [module_forward = ge.forward](const NamedTensors& from, ForwardContext& context) {
      NamedTensors results = module_forward(from, context);
      const auto gate = dynamic_cast<AttentionRecorder&>(*context.hooks).maps.at(0).values;
      results["map.dense"] = (gate.dim() == 2 ? gate.unsqueeze(-1).unsqueeze(-1) : gate).expand_as(from.at("input"));
      return results;
    };
    return ge;
  };
}

/// timm's GlobalContext: what it multiplies with (`gc`) and what it adds (`gca`) can be switched on and off.
PortBuilder global_context_port(bool fuse_scale, bool fuse_add) {
  const ArgumentTable additive = with_width({{"use_attn", rename("attention")},
                                             {"init_last_zero", ignored()},  // by timm, too
                                             {"act_layer", activation("activation")}},
                                            "gc");
  ArgumentTable multiplicative = additive;
  multiplicative.insert({{"add", rename("add")}, {"gate_layer", gate_function()}});
  const auto gc = mechanism_port("gc", "channels", multiplicative);
  const auto gca = mechanism_port("gca", "channels", additive);
  return [=](const Json& given, const NamedTensors& inputs) {
    Json arguments = given;
    const bool scale = arguments.value("fuse_scale", fuse_scale);
    const bool add = arguments.value("fuse_add", fuse_add);
    if (!scale && !add) throw InputError("golden", "fuse_scale or fuse_add", "neither");
    arguments.erase("fuse_scale");
    arguments.erase("fuse_add");
    if (scale) arguments["add"] = add;
    if (!scale) arguments.erase("gate_layer");
    PeerPort port = scale ? gc(arguments, inputs) : gca(arguments, inputs);
    const bool attention = arguments.value("use_attn", true);
    if (attention) port.maps["tap.softmax.0"] = 0;
    if (scale) port.maps["tap.gate.0"] = attention ? 1 : 0;
    return port;
  };
}

}  // namespace

const PortTable& channel_ports() {
  static const PortTable table{
      {"timm.layers.create_attn:se", se_port()},
      {"timm.models._efficientnet_blocks.SqueezeExcite", mobile_se_port()},
      {"torchvision.ops.SqueezeExcitation", mechanism_port("se", "input_channels",
                                                           {{"squeeze_channels", rename("reduced_channels")},
                                                            {"activation", activation("activation")},
                                                            {"scale_activation", gate_function()}})},
      {"timm.layers.create_attn:ese",
       mechanism_port("ese", "channels",
                      ignoring_others({{"add_maxpool", rename("max_pool")}, {"gate_layer", gate_function()}}),
                      kChannelGateMap)},
      {"timm.layers.create_attn:eca", eca_port(/*use_mlp=*/false)},
      {"timm.layers.create_attn:ecam", eca_port(/*use_mlp=*/true)},
      {"timm.layers.create_attn:ceca",
       mechanism_port("ceca", "channels",
                      {{"kernel_size", ignored()}, {"act_layer", bias_unless_null()}, {"gate_layer", gate_function()}},
                      kChannelGateMap)},
      {"timm.layers.create_attn:ge", ge_port()},
      {"formula.GatherExcite", formula_ge_port()},
      {"formula.SRM", mechanism_port("srm", "channels", {}, kChannelMap)},
      {"formula.GCT", mechanism_port("gct", "channels", {{"mode", rename("norm")}}, kChannelMap)},
      {"formula.FcaNet",
       mechanism_port("fca", "channels",
                      {{"height", rename("height")}, {"width", rename("width")}, {"reduction", rename("reduction_ratio")}},
                      kChannelMap)},
      {"timm.layers.create_attn:gc", global_context_port(/*fuse_scale=*/true, /*fuse_add=*/false)},
      {"timm.layers.create_attn:gca", global_context_port(/*fuse_scale=*/false, /*fuse_add=*/true)},
      {"formula.SimAM", mechanism_port("simam", "", {{"e_lambda", rename("e_lambda")}}, {{"map.dense", 0}})},
  };
  return table;
}

}  // namespace fovea
