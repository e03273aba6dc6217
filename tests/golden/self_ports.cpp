#include <fovea/attention/self/multihead_attention.h>
#include <fovea/attention/self/self_attention.h>
#include <fovea/config/config_node.h>
#include <fovea/nn/attention_map.h>

#include "known_arguments.h"
#include "peer_port.h"

namespace fovea {
namespace {

/// 0 for null.
Translate rename_or_zero(const std::string& option) {
  return [option](const Json& value, PeerCall& call) { call.options[option] = value.is_null() ? Json(0) : value; };
}

/// Arguments of timm's bottleneck, halo and lambda layers, and further ones.
ArgumentTable with_grid_heads(ArgumentTable further) {
  further.merge(ArgumentTable{{"dim_out", unless_null(site_out_channels())},
                              {"feat_size", ignored()},  // the input has that size
                              {"stride", site_stride()},
                              {"num_heads", rename("heads")},
                              {"dim_head", rename_or_zero("head_channels")},
                              {"qk_ratio", rename("query_ratio")},
                              {"qkv_bias", rename("qkv_bias")}});
  return further;
}

/// Without its scale timm's block has the paper's.
Translate non_local_scale_flag() {
  return [](const Json& value, PeerCall& call) { call.options["variant"] = value.get<bool>() ? "timm" : "paper"; };
}

/// timm averages with a stride of 2 and leaves out a last odd row or column, where we average what there is of it.
PortBuilder without_odd_cells(const PortBuilder& builder) {
  return [builder](const Json& arguments, const NamedTensors& inputs) {
    PeerPort port = builder(arguments, inputs);
    const std::int64_t stride = arguments.value("stride", std::int64_t{1});
    port.forward = [forward = port.forward, stride](const NamedTensors& given, ForwardContext& context) {
      NamedTensors results = forward(given, context);
      const torch::Tensor& input = given.at("input");
      torch::Tensor& output = results.at("output");
      output = output.narrow(2, 0, input.size(2) / stride).narrow(3, 0, input.size(3) / stride);
      return results;
    };
    return port;
  };
}

/// A port of a layer with those heads. timm reads qk_ratio only where dim_head gives no size, and knows no stride but 2.
/// @param dim_head timm's where it is not given.
PortBuilder grid_port(const std::string& mechanism, const Json& dim_head, const ArgumentTable& further,
                      const std::map<std::string, std::size_t>& maps = {}) {
  const auto drop_idle = [dim_head](Json& arguments) {
    const Json size = arguments.value("dim_head", dim_head);
    if (!size.is_null() && size != 0) arguments.erase("qk_ratio");
    if (arguments.value("stride", 1) != 2) arguments.erase("stride");
  };
  return port_after(drop_idle, without_odd_cells(mechanism_port(mechanism, "channels", with_grid_heads(further), maps)));
}

/// timm's halo layer has its queries block by block, and ours are hooked in the image's order.
PortBuilder with_block_weights(const PortBuilder& builder) {
  return [builder](const Json& arguments, const NamedTensors& inputs) {
    PeerPort port = builder(arguments, inputs);
    const std::int64_t block = arguments.value("block_size", std::int64_t{8});
    port.forward = [forward = port.forward, block](const NamedTensors& given, ForwardContext& context) {
      NamedTensors results = forward(given, context);
      const AttentionMap& map = dynamic_cast<const AttentionRecorder&>(*context.hooks).maps.at(0);
      const std::int64_t rows = given.at("input").size(2) / block, columns = given.at("input").size(3) / block;
      const std::int64_t side = map.query_grid.at(0) / rows;
      results["tap.softmax.0"] = map.values.unflatten(2, {rows, side, columns, side}).transpose(3, 4);
      return results;
    };
    return port;
  };
}

/// The file has descriptors x positions in both maps; our second one has them the other way round.
PeerPort double_attention_port(const Json& arguments, const NamedTensors& inputs) {
  PeerPort port = mechanism_port("a2", "channels", {{"c_m", rename("feature_channels")}, {"c_n", rename("descriptors")}})(
      arguments, inputs);
  port.forward = [module = port.module, forward = port.forward](const NamedTensors& given, ForwardContext& context) {
    AttentionRecorder recorder(*module);
    context.hooks = &recorder;
    NamedTensors results = forward(given, context);
    results["map.gather"] = recorder.maps.at(0).values;
    results["map.distribute"] = recorder.maps.at(1).values.transpose(2, 3);
    return results;
  };
  return port;
}

/// 0 where the argument is left out or null.
std::int64_t size_argument(const Json& arguments, const char* name) {
  const Json value = arguments.value(name, Json());
  return value.is_null() ? 0 : value.get<std::int64_t>();
}

PeerPort self_attention_port(const Json& arguments, const NamedTensors&) {
  expect_known_arguments(arguments, {"attn_head_dim", "dim", "dim_out", "gated", "norm_layer", "num_heads", "proj_bias",
                                     "qk_norm", "qkv_bias", "scale_norm"});
  PeerCall unused;
  unless_null(only("torch.nn.LayerNorm"))(arguments.value("norm_layer", Json()), unused);
  SelfAttentionOptions options;
  options.heads = arguments.value("num_heads", options.heads);
  options.head_channels = size_argument(arguments, "attn_head_dim");
  options.qkv_bias = arguments.value("qkv_bias", options.qkv_bias);
  options.qk_norm = arguments.value("qk_norm", options.qk_norm);
  options.scale_norm = arguments.value("scale_norm", options.scale_norm);
  options.gated = arguments.value("gated", options.gated);
  options.proj_bias = arguments.value("proj_bias", options.proj_bias);
  const std::int64_t channels = size_argument(arguments, "dim"), out_channels = size_argument(arguments, "dim_out");
  const auto module = std::make_shared<SelfAttentionImpl>(channels, out_channels > 0 ? out_channels : channels, options);
  const auto forward = [module, gated = options.gated](const NamedTensors& given, ForwardContext& context) {
    const torch::Tensor& tokens = given.at("input");
    NamedTensors results{{"output", module->forward(tokens, context)}};
    // The gate before its sigmoid, as the layer of that name gives it.
    if (gated) results["tap.gate.0"] = module->named_children()["gate"]->as<torch::nn::Linear>()->forward(tokens);
    return results;
  };
  return {module, forward, {{"tap.softmax.0", 0}}, {}};
}

PeerPort multihead_attention_port(const Json& arguments, const NamedTensors&) {
  expect_known_arguments(arguments, {"add_bias_kv", "batch_first", "bias", "embed_dim", "kdim", "num_heads", "vdim"});
  MultiheadAttentionOptions options;
  options.heads = size_argument(arguments, "num_heads");
  options.key_channels = size_argument(arguments, "kdim");
  options.value_channels = size_argument(arguments, "vdim");
  options.bias = arguments.value("bias", true);
  options.extra_key = arguments.value("add_bias_kv", false);
  const bool batch_first = arguments.value("batch_first", false);
  const auto module = std::make_shared<MultiheadAttentionImpl>(size_argument(arguments, "embed_dim"), options);
  const auto forward = [module, batch_first](const NamedTensors& given, ForwardContext& context) {
    const auto input_or = [&](const char* name, const torch::Tensor& other) {
      return given.contains(name) ? given.at(name) : other;
    };
    const auto turned = [&](const torch::Tensor& tokens) { return batch_first ? tokens : tokens.transpose(0, 1); };
    const torch::Tensor& query = given.at("input");
    const auto key = input_or("key", query);
    const auto result = module->forward(turned(query), turned(key), turned(input_or("value", key)), context,
                                        {input_or("attn_mask", {}), input_or("key_padding_mask", {})});
    return NamedTensors{{"output", turned(result.output)}, {"attn_weights", result.weights}};
  };
  return {module, forward, {}, {}};
}

}  // namespace

const PortTable& self_ports() {
  static const PortTable table{
      {"timm.layers.create_attn:nl",
       mechanism_port("nl", "channels", ignoring_others(with_width({{"use_scale", non_local_scale_flag()}}, "nl")),
                      {{"tap.softmax.0", 0}})},
      {"timm.layers.create_attn:bat",
       mechanism_port("bat", "channels",
                      ignoring_others(with_width({{"block_size", rename("block_size")},
                                                  {"groups", rename("groups")},
                                                  {"drop_rate", rename("dropout")},
                                                  {"act_layer", activation("activation")},
                                                  {"norm_layer", only("torch.nn.BatchNorm2d")}},
                                                 "bat")))},
      {"formula.A2", double_attention_port},
      {"timm.layers.create_attn:bottleneck",
       grid_port("bottleneck", /*dim_head=*/{}, {{"scale_pos_embed", rename("scale_position")}}, {{"tap.softmax.0", 0}})},
      {"timm.layers.create_attn:halo", with_block_weights(grid_port("halo", /*dim_head=*/{},
                                                                    {{"block_size", rename("block_size")},
                                                                     {"halo_size", rename("halo_size")},
                                                                     {"avg_down", rename("average_down")},
                                                                     {"scale_pos_embed", rename("scale_position")}}))},
      {"timm.layers.create_attn:lambda",
       grid_port("lambda", /*dim_head=*/16, {{"r", rename_or_zero("receptive_field")}}, {{"tap.softmax.0", 0}})},
      {"timm.layers.Attention", self_attention_port},
      {"torch.nn.MultiheadAttention", multihead_attention_port},
  };
  return table;
}

}  // namespace fovea
