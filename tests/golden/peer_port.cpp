#include "peer_port.h"

#include <sstream>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>

namespace fovea {
namespace {

const std::map<std::string, Json> kGateFunctions{{"sigmoid", "sigmoid"},
                                                 {"hard_sigmoid", "hard_sigmoid"},
                                                 {"hardsigmoid", "hard_sigmoid"},
                                                 {"torch.nn.Sigmoid", "sigmoid"},
                                                 {"torch.nn.Hardsigmoid", "hard_sigmoid"}};

/// prelu has a parameter: none of ours.
const std::map<std::string, Json> kActivations{{"identity", "none"},
                                               {"torch.nn.Identity", "none"},
                                               {"relu", "relu"},
                                               {"torch.nn.ReLU", "relu"},
                                               {"relu6", "relu6"},
                                               {"torch.nn.ReLU6", "relu6"},
                                               {"leaky_relu", "leaky_relu"},
                                               {"torch.nn.LeakyReLU", "leaky_relu"},
                                               {"elu", "elu"},
                                               {"torch.nn.ELU", "elu"},
                                               {"celu", "elu"},  // the same with their alpha, 1
                                               {"torch.nn.CELU", "elu"},
                                               {"selu", "selu"},
                                               {"torch.nn.SELU", "selu"},
                                               {"silu", "silu"},
                                               {"torch.nn.SiLU", "silu"},
                                               {"swish", "silu"},
                                               {"mish", "mish"},
                                               {"torch.nn.Mish", "mish"},
                                               {"gelu", "gelu"},
                                               {"torch.nn.GELU", "gelu"},
                                               {"gelu_tanh", "gelu_tanh"},
                                               {"quick_gelu", "quick_gelu"},
                                               {"hard_swish", "hard_swish"},
                                               {"hardswish", "hard_swish"},
                                               {"torch.nn.Hardswish", "hard_swish"},
                                               {"hard_mish", "hard_mish"},
                                               {"torch.nn.Softplus", "softplus"},
                                               {"tanh", "tanh"},
                                               {"torch.nn.Tanh", "tanh"},
                                               {"sigmoid", "sigmoid"},
                                               {"torch.nn.Sigmoid", "sigmoid"},
                                               {"hard_sigmoid", "hard_sigmoid"},
                                               {"hardsigmoid", "hard_sigmoid"},
                                               {"torch.nn.Hardsigmoid", "hard_sigmoid"}};

/// Those that timm's create_attn is called with.
constexpr const char* kAttentionArguments =
    "act_layer add_maxpool bias block_size dim_head dim_out extent feat_size fuse_add gate_layer groups halo_size has_skip "
    "keep_3x3 kernel_size mlp_bias norm_layer num_heads qkv_bias r radix rd_channels rd_divisor rd_ratio scale_pos_embed "
    "spatial_kernel_size split_input stride use_attn use_conv use_mlp use_scale";

/// timm reads rd_ratio, rd_divisor and se_factor only where rd_channels gives no width.
void drop_overridden_width(Json& arguments) {
  const Json width = arguments.value("rd_channels", Json());
  if (width.is_null() || width == 0) return;
  for (const char* name : {"rd_ratio", "rd_divisor", "se_factor"}) arguments.erase(name);
}

/// Everything a mechanism may read of the file's inputs, in one call.
NamedTensors call_mechanism(
    const std::variant<std::shared_ptr<Gate>, std::shared_ptr<Mixer>, std::shared_ptr<Pool>, std::shared_ptr<Warp>>& module,
    const NamedTensors& inputs, ForwardContext& context) {
  const auto optional = [&](const char* name) { return inputs.contains(name) ? inputs.at(name) : torch::Tensor(); };
  const auto output = std::visit(
      [&](const auto& mechanism) {
        using Kind = typename std::decay_t<decltype(mechanism)>::element_type;
        if constexpr (std::is_same_v<Kind, Pool>) {
          const PoolInput input{inputs.at("input"), optional("query"), optional("position"), {inputs.at("input")}};
          return mechanism->attend(input, context);
        } else {
          return mechanism->forward(inputs.at("input"), context);
        }
      },
      module);
  return {{"output", output}};
}

}  // namespace

Translate rename(const std::string& option) {
  return [option](const Json& value, PeerCall& call) { call.options[option] = value; };
}

Translate word(const std::string& option, const std::map<std::string, Json>& meanings) {
  return [option, meanings](const Json& value, PeerCall& call) {
    const auto found = value.is_string() ? meanings.find(value.get<std::string>()) : meanings.end();
    if (found == meanings.end()) throw InputError("golden", "a known value for " + option, value.dump());
    call.options[option] = found->second;
  };
}

Translate ignored() {
  return [](const Json&, PeerCall&) {};
}

Translate only(const Json& expected) {
  return [expected](const Json& value, PeerCall&) {
    if (value != expected) throw InputError("golden", expected.dump() + ", the only value we have", value.dump());
  };
}

Translate site_stride() {
  return [](const Json& value, PeerCall& call) { call.point.stride = value.get<std::int64_t>(); };
}

Translate site_out_channels() {
  return [](const Json& value, PeerCall& call) { call.point.out_channels = value.get<std::int64_t>(); };
}

Translate unless_null(const Translate& translate) {
  return [translate](const Json& value, PeerCall& call) {
    if (!value.is_null()) translate(value, call);
  };
}

Translate gate_function(const std::string& option) {
  return word(option, kGateFunctions);
}

Translate activation(const std::string& option) {
  return word(option, kActivations);
}

Translate width_ratio(const PeerWidth& peer) {
  return [peer](const Json& value, PeerCall& call) {
    PeerWidth given = peer;
    given.factor = call.given.value("se_factor", peer.factor);
    const auto arriving = static_cast<double>(call.point.in.channels * given.branches);
    const auto ratio = value.get<double>();
    const auto divisor = call.given.value("rd_divisor", given.divisor);
    const auto width = given.of(call.point.in.channels, ratio, divisor);
    const bool is_multiple = width % divisor == 0;  // a minimum need not be one
    call.options["reduction_ratio"] = is_multiple ? arriving * given.factor / static_cast<double>(width) : 1 / ratio;
  };
}

ArgumentTable with_width(ArgumentTable arguments, const std::string& mechanism) {
  arguments.insert({{"rd_ratio", width_ratio(peer_widths().at(mechanism))},
                    {"rd_channels", unless_null(rename("reduced_channels"))},
                    {"rd_divisor", rename("divisor")}});
  return arguments;
}

ArgumentTable ignoring_others(ArgumentTable arguments) {
  std::istringstream names(kAttentionArguments);
  for (std::string name; names >> name;) arguments.insert({name, ignored()});
  return arguments;
}

PortBuilder port_after(const std::function<void(Json& arguments)>& change, const PortBuilder& port) {
  return [=](const Json& given, const NamedTensors& inputs) {
    Json arguments = given;
    change(arguments);
    return port(arguments, inputs);
  };
}

PortBuilder mechanism_port(const std::string& mechanism, const std::string& channels, const ArgumentTable& arguments,
                           const std::map<std::string, std::size_t>& maps,
                           const std::map<std::string, std::string>& renamed) {
  return [=](Json given, const NamedTensors& inputs) {
    drop_overridden_width(given);
    const MechanismRow& row = find_mechanism(mechanism, "golden");
    const torch::Tensor& input = inputs.at("input");
    const bool is_grid = input.dim() == 4;
    const std::int64_t arriving = channels.empty() ? input.size(is_grid ? 1 : 2) : given.at(channels).get<std::int64_t>();
    PeerCall call;
    call.given = given;
    call.point = standalone_point(row, {arriving, is_grid ? input.size(2) : 1, is_grid ? input.size(3) : input.size(1)});
    if (inputs.contains("query")) call.point.query_features = inputs.at("query").size(1);
    for (const auto& [name, value] : given.items()) {
      if (name == channels || name == "attn_type") continue;
      const auto found = arguments.find(name);
      if (found == arguments.end())
        throw InputError("golden: " + mechanism, "an argument we have an option for", "'" + name + "'");
      try {
        found->second(value, call);
      } catch (const InputError& error) {
        throw InputError("golden: " + mechanism + ": " + name + ": " + error.what());
      }
    }
    const auto options = row.make_options();
    read_fields(*options, parse_yaml(call.options.dump(), "golden"), mechanism);
    return std::visit(
        [&](const auto& build) {
          const auto module = build(*options, call.point);
          return PeerPort{
              module,
              [module](const NamedTensors& from, ForwardContext& context) { return call_mechanism(module, from, context); },
              maps, renamed};
        },
        row.build);
  };
}

}  // namespace fovea
