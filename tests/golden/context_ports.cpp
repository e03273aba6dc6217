#include <fovea/attention/context/bahdanau.h>
#include <fovea/attention/context/class_attention.h>
#include <fovea/attention/context/learn_to_pay_attention.h>
#include <fovea/attention/context/luong.h>
#include <fovea/attention/context/luong_local.h>
#include <fovea/attention/context/token_pool.h>
#include <fovea/config/fields.h>
#include <fovea/nn/attention_map.h>

#include "known_arguments.h"
#include "peer_port.h"

namespace fovea {
namespace {

/// Contents of a file besides the output. @tparam Module type of the port's module.
template <typename Module>
using FurtherResults = std::function<NamedTensors(Module& module, const NamedTensors& inputs, ForwardContext& context)>;

template <typename Module>
PortBuilder with_results(const PortBuilder& build, const FurtherResults<Module>& further) {
  return [=](const Json& arguments, const NamedTensors& inputs) {
    PeerPort port = build(arguments, inputs);
    const auto module = std::dynamic_pointer_cast<Module>(port.module);
    port.forward = [=, forward = port.forward](const NamedTensors& from, ForwardContext& context) {
      NamedTensors results = forward(from, context);
      results.merge(further(*module, from, context));
      return results;
    };
    return port;
  };
}

/// @param defaults arguments that the peer has when they are not given.
PortBuilder with_defaults(const PortBuilder& build, const Json& defaults) {
  return [=](const Json& given, const NamedTensors& inputs) {
    Json arguments = defaults;
    arguments.update(given);
    return build(arguments, inputs);
  };
}

/// @param argument one that the peer ignores unless `needed` says so; we refuse its option then.
PortBuilder ignoring(const std::string& argument, const std::function<bool(const Json& arguments)>& needed,
                     const PortBuilder& build) {
  return [=](const Json& given, const NamedTensors& inputs) {
    Json arguments = given;
    if (!needed(given)) arguments.erase(argument);
    return build(arguments, inputs);
  };
}

std::function<bool(const Json&)> argument_is(const std::string& argument, const std::string& value) {
  return [=](const Json& arguments) { return arguments.value(argument, "") == value; };
}

Positions golden_cells(const torch::nn::Module& module, const torch::Tensor& input) {
  return positions_of(module, input, input.size(input.dim() == 4 ? 1 : 2));
}

NamedTensors bahdanau_results(BahdanauImpl& pool, const NamedTensors& inputs, ForwardContext&) {
  return {{"scores", pool.scores(golden_cells(pool, inputs.at("input")).values, inputs.at("query"))}};
}

NamedTensors luong_results(LuongImpl& pool, const NamedTensors& inputs, ForwardContext& context) {
  const Positions positions = golden_cells(pool, inputs.at("input"));
  const auto query = inputs.at("query");
  return {{"scores", pool.scores(positions.values, query)}, {"context", pool.attended(positions, query, context)}};
}

NamedTensors luong_local_results(LuongLocalImpl& pool, const NamedTensors& inputs, ForwardContext& context) {
  const Positions positions = golden_cells(pool, inputs.at("input"));
  const auto query = inputs.at("query");
  const auto position = inputs.contains("position") ? inputs.at("position") : torch::Tensor();
  return {{"position", pool.centre(positions, query, position)},
          {"context", pool.attended(positions, query, position, context)}};
}

/// Every token's weights: timm computes all answers, of which it returns the first.
NamedTensors token_pool_results(TokenPool& pool, const NamedTensors& inputs, ForwardContext& context) {
  AttentionRecorder recorder(pool);
  ForwardContext all = context;
  all.hooks = &recorder;
  pool.attend_all(inputs.at("input"), all);
  return {{"tap.softmax.0", recorder.maps.at(0).values}};
}

/// out_features of timm's pools: null is as many as arrive, 0 leaves the layers behind the heads out.
Translate features_or_projection() {
  return unless_null([](const Json& value, PeerCall& call) {
    call.options[value == 0 ? "projection" : "out_features"] = value == 0 ? Json(false) : value;
  });
}

/// timm's pool_type '' gives every position's answer as a grid, which no pool of ours does.
PortBuilder token_pool_port(const std::string& mechanism, ArgumentTable arguments, const Json& defaults) {
  arguments.merge(ArgumentTable{{"embed_dim", unless_null(rename("embed_channels"))},
                                {"head_dim", unless_null(rename("head_channels"))},
                                {"num_heads", unless_null(rename("heads"))},
                                {"out_features", features_or_projection()},
                                {"qkv_bias", rename("qkv_bias")},
                                {"qkv_separate", rename("qkv_separate")},
                                {"class_token", rename("class_token")},
                                {"pool_type", ignored()}});
  const auto without_heads = [](const Json& given) { return given.value("num_heads", Json()).is_null(); };
  const PortBuilder build =
      with_defaults(ignoring("head_dim", without_heads, mechanism_port(mechanism, "in_features", arguments)), defaults);
  const PortBuilder whole = [=](const Json& given, const NamedTensors& inputs) {
    PeerPort port = build(given, inputs);
    if (given.value("pool_type", "token") == "token") return port;
    const auto pool = std::dynamic_pointer_cast<TokenPool>(port.module);
    port.forward = [pool](const NamedTensors& from, ForwardContext& context) {
      const auto& input = from.at("input");
      const auto positions = pool->attend_all(input, context).slice(1, 1);
      return NamedTensors{{"output", to_grid(positions, input.size(2), input.size(3))}};
    };
    return port;
  };
  return with_results<TokenPool>(whole, token_pool_results);
}

/// `feat_size`: one side or [height, width].
void site_grid(const Json& value, PeerCall& call) {
  call.point.in.height = (value.is_array() ? value.at(0) : value).get<std::int64_t>();
  call.point.in.width = (value.is_array() ? value.at(1) : value).get<std::int64_t>();
}

/// With out_features 0 timm's pool ends behind the heads, and ignores what it would need further on.
void drop_idle_of_latent_pool(Json& arguments) {
  const Json features = arguments.value("out_features", Json());
  if (features.is_null() || features != 0) return;
  for (const char* name : {"act_layer", "mlp_ratio", "norm_layer"}) arguments.erase(name);
}

PeerPort latent_pool_port(const Json& given, const NamedTensors& inputs) {
  static const PortBuilder build =
      port_after(drop_idle_of_latent_pool,
                 mechanism_port("latent_pool", "in_features",
                                {{"num_heads", rename("heads")},
                                 {"feat_size", ignored()},   // the input's
                                 {"latent_dim", ignored()},  // of the initialisation alone
                                 {"out_features", features_or_projection()},
                                 {"mlp_ratio", rename("mlp_ratio")},
                                 {"act_layer", activation("activation")},
                                 {"qkv_bias", rename("qkv_bias")},
                                 {"qk_norm", rename("qk_norm")},
                                 {"latent_len", rename("latents")},
                                 {"pos_embed", word("positions", {{"abs", true}, {"", false}})},
                                 {"pool_type", word("pool_type", {{"token", "token"}, {"avg", "mean"}, {"", "concat"}})},
                                 {"norm_layer", unless_null(word("norm", {{"torch.nn.LayerNorm", true}}))}},
                                {{"tap.softmax.0", 0}}));
  PeerPort port = build(given, inputs);
  if (!given.value("pool_type", "token").empty()) return port;
  port.forward = [forward = port.forward, latents = given.value("latent_len", std::int64_t{1})](const NamedTensors& from,
                                                                                                ForwardContext& context) {
    return NamedTensors{{"output", forward(from, context).at("output").unflatten(1, {latents, -1})}};
  };
  return port;
}

PeerPort class_attention_port(const Json& arguments, const NamedTensors&) {
  expect_known_arguments(arguments, {"dim", "num_heads", "qkv_bias"});
  ClassAttentionOptions options;
  options.heads = arguments.value("num_heads", options.heads);
  options.qkv_bias = arguments.value("qkv_bias", options.qkv_bias);
  const auto attention = std::make_shared<ClassAttentionImpl>(arguments.at("dim").get<std::int64_t>(), options);
  const auto forward = [attention](const NamedTensors& inputs, ForwardContext& context) {
    return NamedTensors{{"output", attention->forward(inputs.at("input"), {}, context)}};
  };
  return {attention, forward, {{"tap.softmax.0", 0}}, {}};
}

/// One stage, g given.
PeerPort stage_attention_port(const Json& arguments, const NamedTensors&) {
  expect_known_arguments(arguments, {"global_channels", "local_channels", "normalise", "score"});
  Json chosen = Json::object();
  for (const char* name : {"normalise", "score"}) {
    if (arguments.contains(name)) chosen[name] = arguments.at(name);
  }
  LearnToPayAttentionOptions options;
  read_fields(options, parse_yaml(chosen.dump(), "golden"), "ltpa");
  const auto local_channels = arguments.at("local_channels").get<std::int64_t>();
  const auto attention =
      std::make_shared<StageAttentionImpl>(local_channels, arguments.at("global_channels").get<std::int64_t>(), options);
  const auto forward = [attention](const NamedTensors& inputs, ForwardContext& context) {
    const auto local = attention->projected(golden_cells(*attention, inputs.at("input")).values);
    return NamedTensors{{"output", attention->forward(inputs.at("input"), inputs.at("g"), context)},
                        {"scores", attention->scores(local, inputs.at("g"))}};
  };
  return {attention, forward, {{"attn_weights", 0}}, {}};
}

}  // namespace

const PortTable& context_ports() {
  const Translate dimension = ignored();  // of the query, whose tensor says so too
  static const PortTable table{
      {"formula.Bahdanau",
       with_results<BahdanauImpl>(
           mechanism_port("bahdanau", "channels", {{"query_dim", dimension}, {"attention_dim", rename("hidden")}},
                          {{"attn_weights", 0}}),
           bahdanau_results)},
      {"formula.Luong", with_results<LuongImpl>(ignoring("attention_dim", argument_is("score", "concat"),
                                                         mechanism_port("luong", "channels",
                                                                        {{"query_dim", dimension},
                                                                         {"attention_dim", rename("hidden")},
                                                                         {"cells", ignored()},  // the input's
                                                                         {"output_dim", rename("out_features")},
                                                                         {"score", rename("score")}},
                                                                        {{"attn_weights", 0}})),
                                                luong_results)},
      {"formula.LuongLocal", with_results<LuongLocalImpl>(ignoring("attention_dim", argument_is("mode", "p"),
                                                                   mechanism_port("luong_local", "channels",
                                                                                  {{"query_dim", dimension},
                                                                                   {"attention_dim", rename("hidden")},
                                                                                   {"output_dim", rename("out_features")},
                                                                                   {"window", rename("window")},
                                                                                   {"mode", rename("mode")}},
                                                                                  {{"attn_weights", 0}})),
                                                          luong_local_results)},
      {"formula.LTPA", stage_attention_port},
      {"timm.models.cait.ClassAttn", class_attention_port},
      {"timm.layers.AttentionPool2d", token_pool_port("attention_pool", {{"feat_size", site_grid}}, {{"feat_size", 7}})},
      {"timm.layers.RotAttentionPool2d",
       token_pool_port("rotary_pool", {{"ref_feat_size", rename("reference_grid")}}, Json::object())},
      {"timm.layers.AttentionPoolLatent", latent_pool_port},
  };
  return table;
}

}  // namespace fovea
