// Constructors of peers in golden files, as our configuration.

#include "network_ports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/config/config_node.h>

namespace fovea {
namespace {

using testing::HasSubstr;

constexpr const char* kResNet = "timm.models.resnet.ResNet";
constexpr const char* kViT = "timm.models.vision_transformer.VisionTransformer";

/// `attention` of a ResNet's configuration; null: the key is missing.
Json attention_for(const Json& attn_layer, const std::string& block = "BasicBlock",
                   const Json& channels = {64, 64, 64, 96}) {
  const Json arguments{{"block", "timm.models.resnet." + block},
                       {"layers", {1, 1, 1, 1}},
                       {"channels", channels},
                       {"block_args", {{"attn_layer", attn_layer}}}};
  return model_of_peer(kResNet, arguments).value("attention", Json());
}

Json in_each_stage(const std::string& name, const std::vector<int>& widths) {
  Json entries = Json::array();
  for (std::size_t i = 0; i < widths.size(); ++i) {
    entries.push_back({{"name", name}, {"stages", Json::array({i + 1})}, {"reduced_channels", widths[i]}});
  }
  return entries;
}

std::string refusal(const std::string& constructor, const Json& arguments) {
  try {
    model_of_peer(constructor, arguments);
  } catch (const InputError& error) {
    return error.what();
  }
  return "nothing thrown";
}

TEST(NetworkPortsTest, APartialOfAttentionIsReadHoweverItIsWritten) {
  const std::vector<Json> forms{{{"partial", "se"}, {"rd_ratio", 0.25}},
                                {{"functools.partial", "se"}, {"rd_ratio", 0.25}},
                                {{"partial", {"se", {{"rd_ratio", 0.25}}}}},
                                {"se", {{"rd_ratio", 0.25}}},
                                {{"name", "se"}, {"args", Json::array()}, {"kwargs", {{"rd_ratio", 0.25}}}},
                                {{"attn_type", "SE"}, {"rd_ratio", 0.25}},
                                {{"attn_layer", "se"}, {"rd_ratio", 0.25}},
                                {{"func", "timm.layers.squeeze_excite.SEModule"}, {"keywords", {{"rd_ratio", 0.25}}}},
                                {{"partial", "timm.layers.create_attn:se"}, {"rd_ratio", 0.25}},
                                "functools.partial(se, rd_ratio=0.25)",
                                "partial('se', rd_ratio=1/4)",
                                "partial:se:rd_ratio=2.5e-1",
                                "functools.partial(timm.layers.create_attn.create_attn, \"se\", rd_ratio=0.25)",
                                "functools.partial(<class 'timm.layers.squeeze_excite.SEModule'>, rd_ratio=0.25)",
                                "functools.partial(timm.layers.SqueezeExcite, rd_ratio = .25)"};
  for (const Json& form : forms) EXPECT_EQ(attention_for(form), in_each_stage("se", {16, 16, 16, 24})) << form;
}

TEST(NetworkPortsTest, ANameOrAClassIsAMechanismWithItsOwnWidth) {
  const std::map<std::string, std::string> mechanisms{{"se", "se"},
                                                      {"ECA", "eca"},
                                                      {"gca", "gca"},
                                                      {"timm.layers.squeeze_excite.SEModule", "se"},
                                                      {"timm.layers.squeeze_excite.EffectiveSEModule", "ese"},
                                                      {"timm.layers.eca.EcaModule", "eca"},
                                                      {"functools.partial(EcaModule, use_mlp=True)", "ecam"},
                                                      {"timm.layers.eca.CecaModule", "ceca"},
                                                      {"timm.layers.gather_excite.GatherExcite", "ge"},
                                                      {"timm.layers.global_context.GlobalContext", "gc"},
                                                      {"partial(GlobalContext, fuse_add=True, fuse_scale=False)", "gca"},
                                                      {"timm.layers.cbam.CbamModule", "cbam"},
                                                      {"timm.layers.cbam.LightCbamModule", "lcbam"},
                                                      {"timm.layers.coord_attn.CoordAttn", "coord"},
                                                      {"timm.layers.coord_attn.SimpleCoordAttn", "scoord"},
                                                      {"timm.layers.coord_attn.EfficientLocalAttn", "ela"},
                                                      {"timm.layers.coord_attn.StripAttn", "strip"},
                                                      {"timm.layers.non_local_attn.NonLocalAttn", "nl"},
                                                      {"timm.layers.non_local_attn.BatNonLocalAttn", "bat"}};
  for (const auto& [form, name] : mechanisms) EXPECT_EQ(attention_for(form), (Json{{"name", name}})) << form;
  EXPECT_EQ(attention_for(true), (Json{{"name", "se"}}));
}

TEST(NetworkPortsTest, NoAttentionIsWrittenInSeveralWays) {
  for (const Json& form : {Json(), Json(""), Json(false), Json::object()}) EXPECT_EQ(attention_for(form), Json()) << form;
  for (const Json& form : {Json(), Json::object()}) {
    EXPECT_EQ(model_of_peer(kResNet, {{"block_args", form}}), (Json{{"name", "resnet18"}})) << form;
  }
}

// The widths by hand from timm's make_divisible: to the nearest multiple of 8 or 1, for `nl` one more below 0.9 of it.
TEST(NetworkPortsTest, AStageHasTheWidthThatTimmGivesIt) {
  const auto partial = [](const char* name, double ratio) { return Json{{"partial", name}, {"rd_ratio", ratio}}; };
  const Json uneven{200, 64, 100, 92};
  EXPECT_EQ(attention_for(partial("se", 0.22), "BasicBlock", uneven), in_each_stage("se", {48, 16, 24, 24}));
  EXPECT_EQ(attention_for(partial("se", 0.22), "Bottleneck", uneven), in_each_stage("se", {176, 56, 88, 80}));
  EXPECT_EQ(attention_for(partial("nl", 0.09), "BasicBlock", uneven), in_each_stage("nl", {24, 8, 16, 8}));
  EXPECT_EQ(attention_for(partial("cbam", 0.07), "BasicBlock", uneven), in_each_stage("cbam", {14, 4, 7, 6}));
  EXPECT_EQ(attention_for(partial("coord", 0.25), "BasicBlock", uneven), in_each_stage("coord", {32, 8, 16, 16}));
  for (const char* name : {"eca", "ese", "ceca"}) {
    EXPECT_EQ(attention_for(partial(name, 0.25)), (Json{{"name", name}})) << "which has no width";
  }
  EXPECT_EQ(model_of_peer(kResNet, {{"block_args", {{"attn_layer", partial("se", 0.125)}}}}).at("attention"),
            in_each_stage("se", {8, 16, 32, 64}))
      << "with timm's channels";
}

TEST(NetworkPortsTest, ARefusalNamesConstructorArgumentAndValue) {
  EXPECT_EQ(refusal("timm.models.None", {}), "golden: expected a constructor we know, got 'timm.models.None'");
  EXPECT_EQ(refusal(kResNet, {{"aa_layer", "blur"}}),
            "timm.models.resnet.ResNet: expected an argument that we have an option for, got 'aa_layer' = \"blur\"");
  EXPECT_EQ(refusal(kResNet, {{"block", "timm.models.resnet.Other"}}),
            "timm.models.resnet.ResNet: block: expected one of BasicBlock and Bottleneck, got \"timm.models.resnet.Other\"");
  EXPECT_THAT(refusal(kResNet, {{"stem_type", 3}}),
              HasSubstr("ResNet: stem_type: expected one of '', deep, deep_tiered and null, got 3"));
  EXPECT_THAT(refusal(kResNet, {{"block_args", {{"attn_layer", "sk"}}}}),
              HasSubstr("ResNet: block_args: expected the name"));
  EXPECT_THAT(refusal(kResNet, {{"block_args", {{"attn_layer", "partial(SEModule, rd_divisor=4)"}}}}),
              HasSubstr("expected rd_ratio as the only argument"));
  EXPECT_THAT(refusal(kResNet, {{"block_args", {{"attn_layer", "partial(SEModule, rd_ratio=None)"}}}}),
              HasSubstr("expected a number as rd_ratio"));
  EXPECT_THAT(refusal(kResNet, {{"block_args", {{"drop_block", 3}}}}), HasSubstr("expected nothing but attn_layer"));
  EXPECT_THAT(refusal("timm.models.vgg.VGG", {{"cfg", {8, "A"}}}), HasSubstr("VGG: cfg: expected numbers"));
  EXPECT_THAT(refusal("timm.models.vgg.VGG", {{"norm_layer", "torch.nn.GroupNorm"}}),
              HasSubstr("VGG: norm_layer: expected one of BatchNorm2d and null, got \"torch.nn.GroupNorm\""));
  EXPECT_THAT(refusal("timm.models.mobilenetv3._gen_mobilenet_v3", {{"variant", 3}}),
              HasSubstr("variant: expected a value of"));
  EXPECT_THAT(refusal(kViT, {{"global_pool", ""}}),
              HasSubstr("VisionTransformer: global_pool: expected one of avg, avgmax, map, max, prr and token, got \"\""));
  EXPECT_THAT(refusal(kViT, {{"init_values", "small"}}), HasSubstr("init_values: expected a number, true, false or null"));
  EXPECT_THAT(refusal("timm.models.cait.Cait", {{"global_pool", "avg"}}), HasSubstr("global_pool: expected \"token\""));
}

TEST(NetworkPortsTest, FactorsOfABranchStartWhereTimmStartsThem) {
  const auto layer_scale = [](const Json& value) { return model_of_peer(kViT, {{"init_values", value}}).at("layer_scale"); };
  EXPECT_EQ(layer_scale(1e-5), 1e-5);
  EXPECT_EQ(layer_scale(-0.1), -0.1);
  EXPECT_EQ(layer_scale(true), 1);
  for (const Json& none : {Json(), Json(false), Json(0.0)}) EXPECT_EQ(layer_scale(none), 0) << none;
}

TEST(NetworkPortsTest, ThePlainStemHasNoWidth) {
  EXPECT_EQ(model_of_peer(kResNet, {{"stem_width", 32}}), (Json{{"name", "resnet18"}}));
  EXPECT_EQ(model_of_peer(kResNet, {{"stem_type", "deep"}, {"stem_width", 32}}),
            (Json{{"name", "resnet18"}, {"stem", "deep"}, {"stem_width", 32}}));
}

}  // namespace
}  // namespace fovea
