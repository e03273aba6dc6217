#include "network_ports.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <stdexcept>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>

#include "peer_width.h"

namespace fovea {
namespace {

/// A value that we cannot express; says which ones we can.
struct Refusal : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Change of the section by a peer's argument. @throws Refusal.
using Translation = std::function<void(const Json& value, Json& model)>;
using Translations = std::map<std::string, Translation>;

Translation as(const std::string& option) {
  return [option](const Json& value, Json& model) { model[option] = value; };
}

Translation unused() {
  return [](const Json&, Json&) {};
}

/// Text behind the last dot, as in "torch.nn.BatchNorm2d".
std::string last_name(const std::string& path) {
  return path.substr(path.rfind('.') + 1);
}

/// A word among several. @param words what each means; "null" stands for null, and classes for themselves in any module.
Translation word_as(const std::string& option, const std::map<std::string, std::string>& words) {
  return [option, words](const Json& value, Json& model) {
    const bool is_word = value.is_null() || value.is_string();
    const auto found = is_word ? words.find(value.is_null() ? "null" : last_name(value.get<std::string>())) : words.end();
    if (found == words.end()) {
      std::vector<std::string> known;
      known.reserve(words.size());
      for (const auto& [word, meaning] : words) known.push_back(word.empty() ? "''" : word);
      throw Refusal("one of " + join_names(known));
    }
    model[option] = found->second;
  };
}

/// timm's gates, by name in small letters and by class.
const std::set<std::string> kGateNames{"se",   "ese",   "eca",   "ecam",   "ceca", "ge",    "gc", "gca",
                                       "cbam", "lcbam", "coord", "scoord", "ela",  "strip", "nl", "bat"};
const std::map<std::string, std::string> kGateClasses{{"SEModule", "se"},
                                                      {"SqueezeExcite", "se"},
                                                      {"EffectiveSEModule", "ese"},
                                                      {"EffectiveSqueezeExcite", "ese"},
                                                      {"EcaModule", "eca"},
                                                      {"EfficientChannelAttn", "eca"},
                                                      {"CecaModule", "ceca"},
                                                      {"CircularEfficientChannelAttn", "ceca"},
                                                      {"GatherExcite", "ge"},
                                                      {"GlobalContext", "gc"},
                                                      {"CbamModule", "cbam"},
                                                      {"LightCbamModule", "lcbam"},
                                                      {"CoordAttn", "coord"},
                                                      {"SimpleCoordAttn", "scoord"},
                                                      {"EfficientLocalAttn", "ela"},
                                                      {"StripAttn", "strip"},
                                                      {"NonLocalAttn", "nl"},
                                                      {"BatNonLocalAttn", "bat"}};

/// Text that follows a keyword, as in `rd_ratio=0.25` and `"rd_ratio": 0.25`; a fraction in whole.
std::optional<std::string> keyword_in(const std::string& text, const std::string& keyword) {
  std::smatch found;
  const std::regex pattern("\\b" + keyword + R"([^\w.]+([\w.+-]+(\s*/\s*[\w.]+)?))");
  if (!std::regex_search(text, found, pattern)) return std::nullopt;
  return found[1];
}

bool is_set(const std::string& text, const std::string& keyword) {
  const std::string value = keyword_in(text, keyword).value_or("");
  return value == "true" || value == "True";
}

/// The gate that a text names, by its class if it can: modules of classes are called like other mechanisms.
std::string gate_in(const std::string& text) {
  const std::regex word(R"(\w+)");
  const std::vector<std::string> words(std::sregex_token_iterator(text.begin(), text.end(), word), {});
  for (const std::string& name : words) {
    const auto found = kGateClasses.find(name);
    if (found == kGateClasses.end()) continue;
    if (found->second == "eca" && is_set(text, "use_mlp")) return "ecam";
    if (found->second == "gc" && is_set(text, "fuse_add")) return "gca";
    return found->second;
  }
  for (std::string name : words) {
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char letter) { return std::tolower(letter); });
    if (kGateNames.contains(name)) return name;
  }
  throw Refusal("the name or the class of an attention module of timm's that stands behind convolutions");
}

/// A number, or a fraction of two.
double number_in(const std::string& text) {
  try {
    const std::size_t slash = text.find('/');
    return std::stod(text) / (slash == std::string::npos ? 1.0 : std::stod(text.substr(slash + 1)));
  } catch (const std::logic_error&) {
    throw Refusal("a number as rd_ratio");
  }
}

/// Of `block_args`, `attn_layer`: a mechanism, or a functools.partial of one with rd_ratio, however that was written down.
/// Leaves rd_ratio to place_attention().
void translate_block_args(const Json& value, Json& model) {
  if (value.empty()) return;
  for (const auto& [name, given] : value.items()) {
    if (name != "attn_layer" && name != "rd_ratio" && !given.is_null()) throw Refusal("nothing but attn_layer");
  }
  const Json layer = value.value("attn_layer", Json());
  const bool is_true = layer.is_boolean() && layer.get<bool>();
  const bool is_none =
      layer.empty() || (layer.is_boolean() && !is_true) || (layer.is_string() && layer.get<std::string>().empty());
  if (is_none) return;
  const std::string text = value.dump();
  for (const char* keyword : {"rd_channels", "rd_divisor", "act_layer", "gate_layer", "norm_layer"}) {
    if (keyword_in(text, keyword)) throw Refusal("rd_ratio as the only argument of an attention module");
  }
  model["attention"]["name"] = is_true ? "se" : gate_in(text);
  if (const auto ratio = keyword_in(text, "rd_ratio")) model["attention"]["rd_ratio"] = number_in(*ratio);
}

/// Gives each stage the width that rd_ratio means there: through our own ratio it could round to the next one.
void place_attention(Json& model) {
  if (!model.contains("attention") || !model["attention"].contains("rd_ratio")) return;
  Json& attention = model["attention"];
  const auto name = attention["name"].get<std::string>();
  const double ratio = attention["rd_ratio"].get<double>();
  attention.erase("rd_ratio");
  const auto width = peer_widths().find(name);
  if (width == peer_widths().end()) return;  // which accepts rd_ratio without reading it
  const Json channels = model.value("channels", Json::array({64, 128, 256, 512}));
  const std::int64_t expansion = model.value("block", "basic") == "bottleneck" ? 4 : 1;
  attention = Json::array();
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const std::int64_t arriving = expansion * channels[i].get<std::int64_t>();
    attention.push_back(
        {{"name", name}, {"stages", Json::array({i + 1})}, {"reduced_channels", width->second.of(arriving, ratio)}});
  }
}

/// timm ignores the width of a stem that is not deep.
void drop_width_of_plain_stem(Json& model) {
  if (model.value("stem", "plain") == "plain") model.erase("stem_width");
}

void finish_resnet(Json& model) {
  drop_width_of_plain_stem(model);
  place_attention(model);
}

/// `cfg`: channels, and "M" for a max pool.
void translate_layers(const Json& value, Json& model) {
  Json layers = Json::array();
  for (const Json& layer : value) {
    if (!layer.is_number_integer() && layer != "M") throw Refusal("numbers of channels and \"M\"");
    layers.push_back(layer.is_string() ? Json(0) : layer);
  }
  model["layers"] = layers;
}

/// timm reads nothing else from the name.
void translate_variant(const Json& value, Json& model) {
  const auto variant = value.get<std::string>();
  model["name"] = variant.find("small") != std::string::npos ? "mobilenetv3_small_100" : "mobilenetv3_large_100";
  model["minimal"] = variant.find("minimal") != std::string::npos;
}

/// Initial value of factors: timm multiplies with the value, so that true is 1, and has none where it is false, 0 or null.
void translate_init_values(const Json& value, Json& model) {
  if (!value.is_null() && !value.is_boolean() && !value.is_number()) throw Refusal("a number, true, false or null");
  model["layer_scale"] = value.is_number() ? value : Json(value.is_boolean() && value.get<bool>() ? 1 : 0);
}

/// Ours has no other, so that they cannot be options.
Translation only(const Json& expected) {
  return [expected](const Json& value, Json&) {
    if (value != expected) throw Refusal(expected.dump());
  };
}

/// One constructor of a peer.
struct NetworkPort {
  Json options;  ///< our row, and what the peer's defaults are where that has others
  Translations arguments;
  std::function<void(Json&)> finish = [](Json&) {};
};

const std::map<std::string, NetworkPort>& network_ports() {
  static const std::map<std::string, NetworkPort> ports{
      {"timm.models.resnet.ResNet",
       {{{"name", "resnet18"}},
        {{"block", word_as("block", {{"BasicBlock", "basic"}, {"Bottleneck", "bottleneck"}})},
         {"layers", as("layers")},
         {"channels", as("channels")},
         {"cardinality", as("cardinality")},
         {"base_width", as("base_width")},
         {"output_stride", as("output_stride")},
         {"avg_down", as("avg_down")},
         {"stem_type",
          word_as("stem", {{"", "plain"}, {"null", "plain"}, {"deep", "deep"}, {"deep_tiered", "deep_tiered"}})},
         {"stem_width", as("stem_width")},
         {"block_args", translate_block_args}},
        finish_resnet}},
      {"independent.CifarResNet",
       {{{"name", "cifar_resnet"}}, {{"depth", as("depth")}, {"width", as("width")}, {"shortcut", as("shortcut")}}}},
      {"timm.models.vgg.VGG",
       {{{"name", "vgg11_bn"}, {"variant", "timm"}, {"norm", "none"}},
        {{"cfg", translate_layers},
         {"mlp_ratio", as("mlp_ratio")},
         {"norm_layer", word_as("norm", {{"BatchNorm2d", "batch"}, {"null", "none"}})}}}},
      {"timm.models.mobilenetv3._gen_mobilenet_v3",
       {{{"name", "mobilenetv3_large_100"}}, {{"variant", translate_variant}, {"channel_multiplier", as("width")}}}},
      {"torchvision.models.mobilenet_v3_small", {{{"name", "mobilenet_v3_small"}}, {{"width_mult", as("width")}}}},
      {"torchvision.models.mobilenet_v3_large", {{{"name", "mobilenet_v3_large"}}, {{"width_mult", as("width")}}}},
      {"timm.models.vision_transformer.VisionTransformer",
       {{{"name", "vit_base_patch16_224"}},
        {{"img_size", unused()},  // the image's
         {"patch_size", as("patch_size")},
         {"embed_dim", as("embed_dim")},
         {"depth", as("depth")},
         {"num_heads", as("heads")},
         {"mlp_ratio", as("mlp_ratio")},
         {"qkv_bias", as("qkv_bias")},
         {"qk_norm", as("qk_norm")},
         {"init_values", translate_init_values},
         {"class_token", as("class_token")},
         {"global_pool", word_as("global_pool", {{"token", "token"},
                                                 {"avg", "avg"},
                                                 {"avgmax", "avgmax"},
                                                 {"max", "max"},
                                                 {"map", "map"},
                                                 {"prr", "prr"}})}}}},
      {"timm.models.cait.Cait",
       {{{"name", "cait"}, {"embed_dim", 768}, {"depth", 12}, {"heads", 12}},
        {{"img_size", unused()},  // the image's
         {"patch_size", as("patch_size")},
         {"embed_dim", as("embed_dim")},
         {"depth", as("depth")},
         {"depth_token_only", as("depth_token_only")},
         {"num_heads", as("heads")},
         {"mlp_ratio", as("mlp_ratio")},
         {"mlp_ratio_token_only", only(4.0)},
         {"qkv_bias", as("qkv_bias")},
         {"init_values", as("layer_scale")},
         {"global_pool", only("token")}}}},
  };
  return ports;
}

}  // namespace

Json model_of_peer(const std::string& constructor, const Json& arguments) {
  const auto port = network_ports().find(constructor);
  if (port == network_ports().end()) throw InputError("golden", "a constructor we know", "'" + constructor + "'");
  Json model = port->second.options;
  for (const auto& [name, value] : arguments.items()) {
    if (name == "num_classes") continue;  // the logits'
    const auto translation = port->second.arguments.find(name);
    if (translation == port->second.arguments.end()) {
      throw InputError(constructor, "an argument that we have an option for", "'" + name + "' = " + value.dump());
    }
    try {
      translation->second(value, model);
    } catch (const Refusal& refusal) {
      throw InputError(constructor + ": " + name, refusal.what(), value.dump());
    } catch (const Json::exception&) {
      throw InputError(constructor + ": " + name, "a value of another type", value.dump());
    }
  }
  port->second.finish(model);
  return model;
}

}  // namespace fovea
