#include "peer_arguments.h"

#include <functional>

#include <fovea/base/error.h>

namespace fovea {
namespace {

using Translate = std::function<void(const Json& value, Json& options)>;
/// What each argument of a peer's constructor means in our options.
using ArgumentTable = std::map<std::string, Translate>;

Translate rename(const std::string& name) {
  return [name](const Json& value, Json& options) { options[name] = value; };
}

Translate inverse(const std::string& name) {
  return [name](const Json& value, Json& options) { options[name] = 1.0 / value.get<double>(); };
}

/// A word among several, e.g. a PyTorch class name.
Translate word(const std::string& name, const std::map<std::string, Json>& meanings) {
  return [name, meanings](const Json& value, Json& options) {
    const auto found = meanings.find(value.get<std::string>());
    if (found == meanings.end()) throw InputError("golden", "a known value for " + name, value.dump());
    options[name] = found->second;
  };
}

/// An argument that the peer reads without it changing anything.
void ignored(const Json&, Json&) {}

const std::map<std::string, Json> kGates{{"sigmoid", "sigmoid"},
                                         {"hard_sigmoid", "hard_sigmoid"},
                                         {"torch.nn.Sigmoid", "sigmoid"},
                                         {"torch.nn.Hardsigmoid", "hard_sigmoid"}};

/// timm.layers.create_attn by attn_type. timm ignores ECA's kernel_size whenever channels are given, as create_attn does.
const std::map<std::string, ArgumentTable> kTimmAttention{
    {"se",
     {{"rd_ratio", inverse("reduction_ratio")},
      {"rd_channels", rename("reduced_channels")},
      {"rd_divisor", rename("divisor")},
      {"bias", rename("bias")},
      {"add_maxpool", rename("max_pool")},
      {"norm_layer", word("batch_norm", {{"torch.nn.BatchNorm2d", true}})},
      {"gate_layer", word("gate", kGates)}}},
    {"eca", {{"kernel_size", ignored}, {"gate_layer", word("gate", kGates)}}},
    {"cbam",
     {{"rd_ratio", inverse("reduction_ratio")},
      {"rd_channels", rename("reduced_channels")},
      {"rd_divisor", rename("divisor")},
      {"spatial_kernel_size", rename("kernel_size")},
      {"mlp_bias", rename("bias")},
      {"gate_layer", word("gate", kGates)}}},
};

const ArgumentTable kTorchvisionSqueezeExcitation{{"squeeze_channels", rename("reduced_channels")},
                                                  {"scale_activation", word("gate", kGates)}};

PeerCall translate(const std::string& mechanism, const std::string& channels_name, const ArgumentTable& table,
                   const Json& arguments) {
  PeerCall call{mechanism, arguments.at(channels_name).get<std::int64_t>()};
  for (const auto& [name, value] : arguments.items()) {
    if (name == channels_name || name == "attn_type") continue;
    const auto found = table.find(name);
    if (found == table.end())
      throw InputError("golden: " + mechanism, "an argument we have an option for", "'" + name + "'");
    found->second(value, call.options);
  }
  return call;
}

}  // namespace

std::optional<PeerCall> translate_peer_call(const std::string& constructor, const Json& arguments) {
  if (constructor == "timm.layers.create_attn") {
    const auto type = arguments.at("attn_type").get<std::string>();
    const auto found = kTimmAttention.find(type);
    if (found == kTimmAttention.end()) return std::nullopt;
    return translate(type, "channels", found->second, arguments);
  }
  if (constructor == "torchvision.ops.SqueezeExcitation") {
    return translate("se", "input_channels", kTorchvisionSqueezeExcitation, arguments);
  }
  return std::nullopt;
}

}  // namespace fovea
