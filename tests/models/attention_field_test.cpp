#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/models/attention_field.h>
#include <fovea/nn/initialise.h>

namespace fovea {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using testing::ThrowsMessage;

/// Reads what stands behind `attention:` in a file "a.yaml".
AttentionField attention_of(const std::string& yaml) {
  AttentionField field;
  field.read(*parse_yaml("attention: " + yaml, "a.yaml").find("attention"), "model.attention");
  return field;
}

std::string refusal_of(const std::string& yaml) {
  try {
    attention_of(yaml);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no InputError";
}

std::vector<std::string> placed_names(const AttentionField& field) {
  std::vector<std::string> names;
  for (const InsertedMechanism& entry : field.entries) names.push_back(entry.row->name);
  return names;
}

InsertionPoint placed_point(InsertionKind kind, std::int64_t stage, std::int64_t channels = 16) {
  return {kind, stage, {channels, 5, 7}, channels, 1, "layer" + std::to_string(stage) + ".0.se", {}};
}

TEST(AttentionFieldTest, NoneIsEmptyInEveryNotation) {
  for (const std::string yaml : {"none", "", "null", "~", "[]"}) EXPECT_THAT(attention_of(yaml).entries, IsEmpty()) << yaml;
  AttentionField field;
  EXPECT_EQ(field.write(), Json("none"));
}

TEST(AttentionFieldTest, ANameTakesTheDefaults) {
  const AttentionField field = attention_of("cbam");
  ASSERT_THAT(placed_names(field), ElementsAre("cbam"));
  EXPECT_EQ(field.entries[0].at, InsertionKind::block);
  EXPECT_THAT(field.entries[0].stages, IsEmpty());
  EXPECT_EQ(write_fields(*field.entries[0].options), write_fields(*find_mechanism("cbam", "").make_options()));
}

TEST(AttentionFieldTest, AMapSetsPlaceAndOptions) {
  const AttentionField field = attention_of("{name: se, at: stage, stages: [2, 3], reduction_ratio: 4}");
  ASSERT_THAT(placed_names(field), ElementsAre("se"));
  EXPECT_EQ(field.entries[0].at, InsertionKind::stage);
  EXPECT_THAT(field.entries[0].stages, ElementsAre(2, 3));
  EXPECT_EQ(write_fields(*field.entries[0].options).at("reduction_ratio"), 4.0);
  EXPECT_THAT(attention_of("{name: se, stages: 3}").entries[0].stages, ElementsAre(3));  // a number is a list of one
}

TEST(AttentionFieldTest, AListKeepsItsOrderAndMixesNotations) {
  const AttentionField field = attention_of("[eca, {name: se, stages: [1]}, {name: cbam}, eca]");
  EXPECT_THAT(placed_names(field), ElementsAre("eca", "se", "cbam", "eca"));
}

TEST(AttentionFieldTest, ReadingReplacesWhatWasThere) {
  AttentionField field = attention_of("[eca, se]");
  field.read(parse_yaml("cbam", "b.yaml"), "model.attention");
  EXPECT_THAT(placed_names(field), ElementsAre("cbam"));
  field.read(parse_yaml("none", "b.yaml"), "model.attention");
  EXPECT_THAT(field.entries, IsEmpty());
}

TEST(AttentionFieldTest, WhatIsWrittenReadsBack) {
  for (const std::string yaml :
       {"none", "se", "{name: eca, at: stage, stages: [1, 3]}",
        "[{name: se, reduction_ratio: 2.5, bias: false, gate: hard_sigmoid}, cbam, {name: se, stages: [2]}]"}) {
    AttentionField field = attention_of(yaml);
    const Json written = field.write();
    AttentionField again = attention_of(written.dump());
    EXPECT_EQ(again.write(), written) << yaml;
    EXPECT_EQ(placed_names(again), placed_names(field)) << yaml;
  }
  const Json written = attention_of("{name: se, stages: [2], reduction_ratio: 2.5}").write();
  EXPECT_EQ(written.at("name"), "se");
  EXPECT_EQ(written.at("at"), "block");
  EXPECT_EQ(written.at("stages"), Json::array({2}));
  EXPECT_EQ(written.at("reduction_ratio"), 2.5);
}

TEST(AttentionFieldTest, EveryMechanismReadsBackWithItsDefaults) {
  for (const MechanismRow& row : mechanism_registry()) {
    const Json written = attention_of(row.name).write();
    EXPECT_EQ(attention_of(written.dump()).write(), written) << row.name;
    const std::vector<InsertionKind> fitting = row.insertion_kinds();
    for (const InsertionKind kind :
         {InsertionKind::input, InsertionKind::block, InsertionKind::conv, InsertionKind::stage, InsertionKind::pool}) {
      const std::string entry = "{name: " + row.name + ", at: " + to_string(kind) + "}";
      if (std::find(fitting.begin(), fitting.end(), kind) == fitting.end()) {
        EXPECT_THAT(refusal_of(entry), HasSubstr("model.attention.at: expected ")) << entry;
      } else {
        EXPECT_EQ(attention_of(entry).entries[0].at, kind) << entry;
      }
    }
  }
}

TEST(AttentionFieldTest, AnUnknownNameIsRefusedWithTheNearest) {
  EXPECT_EQ(refusal_of("cbma"),
            "a.yaml:1: model.attention: expected an attention mechanism, got 'cbma'; did you mean 'cbam'?");
  EXPECT_THAT(refusal_of("{name: cbma}"), StartsWith("a.yaml:1: model.attention.name: expected an attention mechanism"));
  EXPECT_THAT(refusal_of("\n  - se\n  - cbma"), StartsWith("a.yaml:3: model.attention.1: expected an attention mechanism"));
  EXPECT_THAT(refusal_of("something_else"), HasSubstr("got 'something_else'; see fovea list blocks"));
}

TEST(AttentionFieldTest, APlaceThatTheKindCannotTakeIsRefused) {
  for (const std::string place : {"input", "conv", "pool"}) {
    EXPECT_EQ(refusal_of("{name: se, at: " + place + "}"),
              "a.yaml:1: model.attention.at: expected block and stage for 'se', a gate, got '" + place + "'");
  }
  EXPECT_THAT(refusal_of("{name: se, at: roof}"), StartsWith("a.yaml:1: model.attention.at: expected one of input, block"));
}

TEST(AttentionFieldTest, AMechanismMayHaveLessPlacesThanItsKind) {
  EXPECT_EQ(attention_of("abn").entries[0].at, InsertionKind::stage);
  EXPECT_EQ(refusal_of("{name: abn, at: block}"),
            "a.yaml:1: model.attention.at: expected stage for 'abn', a gate, got 'block'");
}

TEST(AttentionFieldTest, WrongKeysAndValuesAreRefusedWithTheirName) {
  EXPECT_THAT(refusal_of("{name: se, reduction_ration: 4}"),
              AllOf(HasSubstr("model.attention.reduction_ration: unknown key"), HasSubstr("'reduction_ratio'")));
  EXPECT_THAT(refusal_of("{name: eca, reduction_ratio: 4}"), HasSubstr("model.attention.reduction_ratio: unknown key"));
  EXPECT_THAT(refusal_of("{name: se, reduction_ratio: 0}"),
              HasSubstr("model.attention.reduction_ratio: expected a number >= 0.001"));
  EXPECT_THAT(refusal_of("{name: eca, gamma: 1e-30}"), HasSubstr("model.attention.gamma: expected a number >= 0.05"));
  EXPECT_THAT(refusal_of("{name: latent_pool, mlp_ratio: 1e30}"), HasSubstr("model.attention.mlp_ratio: expected a number"));
  EXPECT_THAT(refusal_of("{name: se, stages: [0]}"), HasSubstr("model.attention.stages: expected"));
  EXPECT_THAT(refusal_of("{reduction_ratio: 4}"), HasSubstr("model.attention.name: expected a name, got none"));
  EXPECT_THAT(refusal_of("{name: [se]}"), HasSubstr("model.attention.name: expected a name, got a list"));
  EXPECT_THAT(refusal_of("[[se]]"), StartsWith("a.yaml:1: model.attention.0"));
  EXPECT_THAT(refusal_of("[se, {name: se, bias: 3}]"), HasSubstr("model.attention.1.bias: expected true or false, got '3'"));
}

TEST(ConfiguredAttentionTest, AGateComesWhereItIsMeantToBe) {
  const AttentionField field = attention_of("{name: se, stages: [2, 3]}");
  ConfiguredAttention attention(field);
  EXPECT_EQ(attention.gate(placed_point(InsertionKind::block, 1)), nullptr);
  EXPECT_EQ(attention.gate(placed_point(InsertionKind::stage, 2)), nullptr);
  const auto gate = attention.gate(placed_point(InsertionKind::block, 2));
  ASSERT_NE(gate, nullptr);
  EXPECT_EQ(gate->name(), "SqueezeExcitation");
  EXPECT_NE(attention.gate(placed_point(InsertionKind::block, 3)), gate) << "every insertion point has a module of its own";
  EXPECT_EQ(attention.mixer(placed_point(InsertionKind::conv, 2)), nullptr);
  EXPECT_EQ(attention.pool(placed_point(InsertionKind::pool, 0)), nullptr);
  EXPECT_EQ(attention.warp(placed_point(InsertionKind::input, 0)), nullptr);
  EXPECT_EQ(attention.warp(placed_point(InsertionKind::stage, 2)), nullptr);
}

TEST(ConfiguredAttentionTest, AStageGateDoesNotGoIntoBlocks) {
  const AttentionField field = attention_of("{name: eca, at: stage}");
  ConfiguredAttention attention(field);
  EXPECT_EQ(attention.gate(placed_point(InsertionKind::block, 1)), nullptr);
  EXPECT_NE(attention.gate(placed_point(InsertionKind::stage, 1)), nullptr);
}

TEST(ConfiguredAttentionTest, OptionsAndChannelsReachTheModule) {
  const AttentionField field = attention_of("{name: se, reduced_channels: 3, bias: false}");
  ConfiguredAttention attention(field);
  const auto parameters = attention.gate(placed_point(InsertionKind::block, 1, 12))->named_parameters();
  EXPECT_THAT(parameters.keys(), ElementsAre("fc1.weight", "fc2.weight"));
  EXPECT_EQ(parameters["fc1.weight"].sizes(), (std::vector<std::int64_t>{3, 12, 1, 1}));
}

TEST(ConfiguredAttentionTest, TwoGatesAtOnePointFollowEachOther) {
  const AttentionField field = attention_of("[se, eca, {name: cbam, stages: [2]}]");
  ConfiguredAttention attention(field);
  const auto chain = attention.gate(placed_point(InsertionKind::block, 1));
  ASSERT_NE(chain, nullptr);
  const auto links = chain->named_children();
  ASSERT_THAT(links.keys(), ElementsAre("0", "1"));
  EXPECT_EQ(links["0"]->name(), "SqueezeExcitation");
  EXPECT_EQ(links["1"]->name(), "EfficientChannelAttention");
  EXPECT_EQ(attention.gate(placed_point(InsertionKind::block, 2))->children().size(), 3);

  initialise(*chain, 1);
  auto input = torch::empty({2, 16, 5, 7});
  fill_normal(input, RandomStream(1, Purpose::test), 1.0);
  ForwardContext context;
  const auto one_by_one = links["1"]->as<Gate>()->forward(links["0"]->as<Gate>()->forward(input, context), context);
  const auto reversed = links["0"]->as<Gate>()->forward(links["1"]->as<Gate>()->forward(input, context), context);
  EXPECT_TRUE(torch::equal(chain->forward(input, context), one_by_one));
  EXPECT_FALSE(torch::equal(one_by_one, reversed)) << "the comparison would not notice the order";
  const auto joined = chain->join(input, input, Activation::relu, context);
  EXPECT_TRUE(torch::equal(joined, torch::relu(one_by_one + input)));
}

TEST(ConfiguredAttentionTest, EqualGatesAtOnePointDrawForThemselves) {
  for (const std::string dropout : {"0", "0.5"}) {
    const std::string entry = "{name: bat, block_size: 1, dropout: " + dropout + "}";
    const AttentionField field = attention_of("[" + entry + ", " + entry + "]");
    ConfiguredAttention attention(field);
    const auto links = attention.gate(placed_point(InsertionKind::block, 1))->named_children();
    auto input = torch::empty({2, 16, 5, 7});
    fill_normal(input, RandomStream(1, Purpose::test), 1.0);
    const auto output_of = [&](const std::string& link) {
      initialise(*links[link], 1);
      links[link]->train();
      ForwardContext context;
      return links[link]->as<Gate>()->forward(input, context);
    };
    EXPECT_EQ(torch::equal(output_of("0"), output_of("1")), dropout == "0");
  }
}

TEST(ConfiguredAttentionTest, AGateMayStartAsTheIdentity) {
  const AttentionField field = attention_of("[{name: se, init: identity}, {name: eca, init: identity}, cbam]");
  ConfiguredAttention attention(field);
  const auto chain = attention.gate(placed_point(InsertionKind::block, 1));
  initialise(*chain, 1);
  std::vector<std::string> gains;
  for (const auto& item : chain->named_parameters()) {
    if (item.key().ends_with("identity_gain")) gains.push_back(item.key());
  }
  EXPECT_THAT(gains, ElementsAre("0.identity_gain", "1.identity_gain"));
  EXPECT_EQ(attention_of("{name: se, init: identity}").write()["init"], "identity");
  EXPECT_EQ(attention_of("se").write()["init"], "standard");
}

TEST(ConfiguredAttentionTest, WhatDoesNotFitIsAnErrorAtTheEntry) {
  const AttentionField field = attention_of("{name: cbam, kernel_size: 4}");
  ConfiguredAttention attention(field);
  EXPECT_THAT(
      [&] { attention.gate(placed_point(InsertionKind::block, 2)); },
      ThrowsMessage<InputError>(StartsWith("a.yaml:1: model.attention: layer2.0.se: cbam: kernel_size: expected an odd")));
}

TEST(ConfiguredAttentionTest, AnEntryWithoutAnInsertionPointIsNamed) {
  const AttentionField field = attention_of("[se, {name: eca, stages: [4, 5]}]");
  ConfiguredAttention attention(field);
  for (const std::int64_t stage : {1, 2, 3}) attention.gate(placed_point(InsertionKind::block, stage));
  EXPECT_THAT([&] { attention.expect_all_inserted("resnet20"); },
              ThrowsMessage<InputError>("a.yaml:1: model.attention.1: expected an insertion point for 'eca' in resnet20, "
                                        "got no 'block' in stages 4, 5; change at or stages"));
  attention.gate(placed_point(InsertionKind::block, 4));
  EXPECT_THAT([&] { attention.expect_all_inserted("resnet20"); },
              ThrowsMessage<InputError>(HasSubstr("no 'block' in stages 5;")));
  attention.gate(placed_point(InsertionKind::block, 5));
  EXPECT_NO_THROW(attention.expect_all_inserted("resnet20"));
}

TEST(ConfiguredAttentionTest, ANetworkWithoutInsertionPointsInsertsNothing) {
  const AttentionField field = attention_of("se");
  const ConfiguredAttention attention(field);
  EXPECT_THAT([&] { attention.expect_all_inserted("plain"); },
              ThrowsMessage<InputError>(HasSubstr("expected an insertion point for 'se' in plain, got no 'block'; ")));
  const AttentionField none;
  EXPECT_NO_THROW(ConfiguredAttention(none).expect_all_inserted("plain"));
}

TEST(InsertionPointTest, EveryKindHasAName) {
  const std::vector<std::string> names{to_string(InsertionKind::input), to_string(InsertionKind::block),
                                       to_string(InsertionKind::conv), to_string(InsertionKind::stage),
                                       to_string(InsertionKind::pool)};
  EXPECT_THAT(names, ElementsAre("input", "block", "conv", "stage", "pool"));
}

}  // namespace
}  // namespace fovea
