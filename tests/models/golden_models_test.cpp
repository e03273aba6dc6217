// Compares whole networks with numbers from the peers' own. FOVEA_GOLDEN names a folder of cases (safetensors files, also in
// folders below); without it those that ship are read.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/registry.h>
#include <fovea/base/error.h>
#include <fovea/nn/foreign_weights.h>
#include <fovea/nn/multiply_adds.h>
#include <fovea/nn/safetensors.h>

#include "network_run.h"

namespace fovea {
namespace {

constexpr double kFloatTolerance = 1e-4;   // relative to the largest logit, in float32
constexpr double kDoubleTolerance = 1e-6;  // relative to the largest entry, in float64: the files hold float32

/// What a peer's argument means: a change of the configuration section `model`.
using Translation = std::function<void(const Json& value, Json& model)>;
using Translations = std::map<std::string, Translation>;

Translation as(const std::string& option) {
  return [option](const Json& value, Json& model) { model[option] = value; };
}

Translation word_as(const std::string& option, const std::map<std::string, std::string>& words) {
  return [option, words](const Json& value, Json& model) { model[option] = words.at(value.is_null() ? "null" : value); };
}

Translation unused() {
  return [](const Json&, Json&) {};
}

/// `block_args`: {"attn_layer": a mechanism's name, or a partial of one with rd_ratio, however it was written down}.
void translate_attention(const Json& value, Json& model) {
  const Json& layer = value.at("attn_layer");
  if (layer.is_null()) return;
  std::string text = layer.is_string() ? layer.get<std::string>() : layer.dump();
  Json attention;
  for (std::size_t begin = 0; begin < text.size();) {  // the first word that is a mechanism's name
    const std::size_t end = std::min(text.size(), text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", begin));
    const std::string name = text.substr(begin, end - begin);
    const auto& rows = mechanism_registry();
    if (std::any_of(rows.begin(), rows.end(), [&](const MechanismRow& row) { return row.name == name; })) {
      attention["name"] = name;
      break;
    }
    begin = end + 1;
  }
  if (!attention.contains("name")) throw InputError("golden", "the name of a mechanism", text);
  if (const std::size_t ratio = text.find("rd_ratio"); ratio != std::string::npos) {
    const std::size_t number = text.find_first_of("0123456789.", ratio);
    attention["reduction_ratio"] = 1.0 / std::stod(text.substr(number));
  }
  model["attention"] = attention;
}

const Translations& resnet_arguments() {
  static const Translations table{
      {"block",
       word_as("block", {{"timm.models.resnet.BasicBlock", "basic"}, {"timm.models.resnet.Bottleneck", "bottleneck"}})},
      {"layers", as("layers")},
      {"channels", as("channels")},
      {"cardinality", as("cardinality")},
      {"base_width", as("base_width")},
      {"output_stride", as("output_stride")},
      {"avg_down", as("avg_down")},
      {"stem_type", word_as("stem", {{"", "plain"}, {"null", "plain"}, {"deep", "deep"}, {"deep_tiered", "deep_tiered"}})},
      {"stem_width", as("stem_width")},
      {"block_args",
       [](const Json& value, Json& model) {
         if (value.is_object() && !value.empty()) translate_attention(value, model);
       }},
  };
  return table;
}

/// timm ignores the width of a stem that is not deep.
void drop_width_of_plain_stem(Json& model) {
  if (model.value("stem", "plain") == "plain") model.erase("stem_width");
}

Translation vgg_layers() {
  return [](const Json& value, Json& model) {
    Json layers = Json::array();
    for (const Json& layer : value) layers.push_back(layer.is_string() ? Json(0) : layer);
    model["layers"] = layers;
  };
}

Translation mobile_variant() {
  return [](const Json& value, Json& model) {
    const auto variant = value.get<std::string>();
    model["name"] = variant.find("small") != std::string::npos ? "mobilenetv3_small_100" : "mobilenetv3_large_100";
    model["minimal"] = variant.find("minimal") != std::string::npos;
  };
}

/// One constructor of a peer.
struct NetworkPort {
  std::string name;  ///< our row
  Json options = Json::object();
  Translations arguments;
  std::function<void(Json&)> finish = [](Json&) {};
};

const NetworkPort* find_network_port(const std::string& constructor) {
  static const std::map<std::string, NetworkPort> ports{
      {"timm.models.resnet.ResNet", {"resnet18", {}, resnet_arguments(), drop_width_of_plain_stem}},
      {"timm.models.vgg.VGG",
       {"vgg11_bn",
        {{"variant", "timm"}, {"norm", "none"}},
        {{"cfg", vgg_layers()},
         {"mlp_ratio", as("mlp_ratio")},
         {"norm_layer", word_as("norm", {{"torch.nn.BatchNorm2d", "batch"}, {"null", "none"}})}}}},
      {"timm.models.mobilenetv3._gen_mobilenet_v3",
       {"mobilenetv3_small_100", {}, {{"variant", mobile_variant()}, {"channel_multiplier", as("width")}}}},
      {"torchvision.models.mobilenet_v3_small", {"mobilenet_v3_small", {}, {{"width_mult", as("width")}}}},
      {"torchvision.models.mobilenet_v3_large", {"mobilenet_v3_large", {}, {{"width_mult", as("width")}}}},
      {"timm.models.vision_transformer.VisionTransformer",
       {"vit_base_patch16_224",
        {},
        {{"img_size", unused()},
         {"patch_size", as("patch_size")},
         {"embed_dim", as("embed_dim")},
         {"depth", as("depth")},
         {"num_heads", as("heads")},
         {"mlp_ratio", as("mlp_ratio")},
         {"qkv_bias", as("qkv_bias")},
         {"qk_norm", as("qk_norm")},
         {"init_values",
          [](const Json& value, Json& model) {
            if (!value.is_null()) model["layer_scale"] = value;
          }},
         {"class_token", as("class_token")},
         {"global_pool", as("global_pool")}}}},
  };
  const auto found = ports.find(constructor);
  return found == ports.end() ? nullptr : &found->second;
}

/// Our configuration of the network that the peer's constructor makes.
Json model_for(const NetworkPort& port, const Json& arguments) {
  Json model = port.options.is_object() ? port.options : Json::object();
  model["name"] = port.name;
  for (const auto& [name, value] : arguments.items()) {
    if (name == "num_classes") continue;
    const auto translation = port.arguments.find(name);
    if (translation == port.arguments.end()) throw InputError("golden", "an argument we know", "'" + name + "'");
    translation->second(value, model);
  }
  port.finish(model);
  return model;
}

double relative_error(const torch::Tensor& ours, const torch::Tensor& theirs) {
  const auto expected = theirs.to(torch::kFloat64);
  return ((ours.to(torch::kFloat64) - expected).abs().max() / expected.abs().max()).item<double>();
}

/// One golden file: the peer's network, called once.
class GoldenNetwork {
 public:
  explicit GoldenNetwork(const std::string& path) : file_(path) {}

  bool is_network() const {
    const auto kind = file_.metadata().find("kind");
    return kind != file_.metadata().end() && kind->second == "model";
  }

  void compare() const {
    const auto& metadata = file_.metadata();
    const NetworkPort* port = find_network_port(metadata.at("constructor"));
    if (port == nullptr) throw InputError(file_.path(), "a constructor we know", metadata.at("constructor"));
    const auto images = file_.tensor("input");
    const auto logits = file_.tensor("logits");
    ModelField model;
    model.read(parse_yaml(model_for(*port, Json::parse(metadata.at("args"))).dump(), file_.path()), "model");
    const auto network = build_classifier(model, {images.size(1), images.size(2), images.size(3), logits.size(1)});
    const NamedTensors state = with_prefix_removed(file_.tensors(), "state.");
    load_named_weights(*network, {state, ""}, file_.path());  // unrenamed
    network->eval();
    if (metadata.contains("parameters")) {
      EXPECT_EQ(std::to_string(count_parameters(*network)), metadata.at("parameters"));
    }
    EXPECT_LT(relative_error(logits_for(*network, images), logits), kFloatTolerance) << file_.path();

    network->to(torch::kFloat64);
    const auto input = images.to(torch::kFloat64).requires_grad_();
    FeatureProbe probe;
    const auto precise = logits_for(*network, input, &probe);
    EXPECT_LT(relative_error(precise, logits), kDoubleTolerance) << file_.path() << first_difference(*network, probe);
    (precise * file_.tensor("cotangent")).sum().backward();
    EXPECT_LT(relative_error(input.grad(), file_.tensor("grad_input")), kDoubleTolerance) << file_.path();
  }

 private:
  /// The first stage in the file, of those that we tap under the same name, that is another one with us.
  std::string first_difference(const Classifier& network, const FeatureProbe& probe) const {
    const ModuleNames names(network);
    for (std::size_t i = 0; i < probe.features.size(); ++i) {
      const std::string name = names.of(*probe.modules[i]);
      if (!file_.contains("stage." + name)) continue;
      const auto expected = file_.tensor("stage." + name);
      if (expected.sizes() != probe.features[i].sizes()) continue;  // tokens, of which we tap a map
      const double error = relative_error(probe.features[i], expected);
      if (error > kDoubleTolerance) return "; the first stage that differs is " + name + ", by " + std::to_string(error);
    }
    return "; no stage differs";
  }

  SafetensorsFile file_;
};

TEST(GoldenModelsTest, LogitsAndGradientsAreThePeers) {
  const char* folder = std::getenv("FOVEA_GOLDEN");
  const std::string root = folder != nullptr ? folder : std::string(FOVEA_TEST_DATA) + "/golden_models";
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() == ".safetensors") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::int64_t compared = 0;
  for (const std::string& path : paths) {
    SCOPED_TRACE(path);
    const GoldenNetwork network(path);
    if (!network.is_network()) continue;
    ++compared;
    try {
      network.compare();
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  }
  std::printf("golden models: %lld networks compared\n", static_cast<long long>(compared));
  if (folder == nullptr) {
    EXPECT_GE(compared, 5) << "files that ship are missing";
  }
}

}  // namespace
}  // namespace fovea
