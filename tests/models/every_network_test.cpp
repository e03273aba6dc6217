// Properties of every row of the model registry, in a small version of each network.

#include <algorithm>
#include <functional>
#include <future>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/models/create_model.h>
#include <fovea/models/glimpse/ram.h>
#include <fovea/models/mobilenet/mobilenet_v2.h>
#include <fovea/models/mobilenet/mobilenet_v3.h>
#include <fovea/models/model_field.h>
#include <fovea/models/registry.h>
#include <fovea/models/residual/cifar_resnet.h>
#include <fovea/models/residual/resnet.h>
#include <fovea/models/transformer/class_attention_transformer.h>
#include <fovea/models/transformer/vision_transformer.h>
#include <fovea/models/vgg/vgg.h>
#include <fovea/nn/default_generator.h>
#include <fovea/nn/multiply_adds.h>
#include <fovea/weights/external_checkpoint.h>
#include <fovea/weights/map_keys.h>

#include "network_run.h"
#include "poisoned_memory.h"
#include "range_breaker.h"
#include "toy_attention.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr InputSpec kWideInput{2, 32, 48, 5};

/// Options that make the row's network small without changing what kind it is.
std::string small_options(const ModelRow& row) {
  const auto options = row.make_options();
  const auto is = [&]<typename NetworkOptions>() {
    return dynamic_cast<OptionsOf<NetworkOptions>*>(options.get()) != nullptr;
  };
  if (is.operator()<CifarResnetOptions>()) return "width: 4";
  if (is.operator()<ResnetOptions>()) return "layers: [1, 2, 1, 1], channels: [16, 24, 32, 48]";
  if (is.operator()<VggOptions>()) return "layers: [6, 0, 8, 0, 10, 12, 0, 12, 0, 14, 0], hidden: 16";
  if (is.operator()<MobileNetV2Options>()) return "width: 0.1";
  if (is.operator()<MobileNetV3Options>()) return "width: 0.1";
  if (is.operator()<VisionTransformerOptions>()) return "embed_dim: 24, heads: 3, depth: 3, patch_size: 8";
  if (is.operator()<ClassAttentionTransformerOptions>()) {
    return "embed_dim: 24, heads: 3, depth: 3, patch_size: 8, layer_scale: 0.1";  // 1e-5 lets next to nothing through at
                                                                                  // first
  }
  if (is.operator()<RamOptions>()) return "patch: 6, glimpses: 4, width: 24";
  ADD_FAILURE() << row.name << ": say how its network is made small";
  return "";
}

std::string small_model(const ModelRow& row, const std::string& more = "") {
  return "{name: " + row.name + ", " + small_options(row) + more + "}";
}

/// Of a network that makes hard choices: it has no insertion points, but attention of its own.
bool is_hard(const ModelRow& row) {
  return std::find(row.traits.selects.begin(), row.traits.selects.end(), Selects::hard) != row.traits.selects.end();
}

class EveryNetwork : public testing::TestWithParam<std::string> {
 protected:
  const ModelRow& row() const { return find_model(GetParam(), "test"); }

  std::shared_ptr<Classifier> network(const InputSpec& input = kWideInput, const std::string& more = "") const {
    auto made = built(small_model(row(), more), input);
    give_life(*made, 1);
    settle_statistics(*made, input);
    return made;
  }

 private:
  /// Gives batch norms the statistics of some images: with others, a hundred layers grow beyond all numbers.
  static void settle_statistics(Classifier& network, const InputSpec& input) {
    const torch::NoGradGuard no_grad;
    std::vector<std::pair<torch::nn::BatchNorm2dImpl*, c10::optional<double>>> momenta;
    for (auto& module : network.modules()) {
      auto* norm = module->as<torch::nn::BatchNorm2d>();
      if (norm == nullptr) continue;
      momenta.emplace_back(norm, norm->options.momentum());
      norm->options.momentum(1.0);
    }
    network.train();
    logits_for(network, normal_images(8, input));
    for (auto& [norm, momentum] : momenta) norm->options.momentum(momentum);
  }
};

/// One that has places for every kind of attention.
class EveryBackbone : public EveryNetwork {};

TEST_P(EveryNetwork, ClassifiesWideAndHighImagesOfAnyChannels) {
  for (const Sizes& shape : {Sizes{1, 32, 48}, Sizes{3, 64, 32}, Sizes{4, 32, 32}}) {
    const InputSpec input{shape[0], shape[1], shape[2], 7};
    const auto made = network(input);
    made->eval();
    for (const std::int64_t images : {1, 3}) {
      const auto logits = logits_for(*made, normal_images(images, input));
      EXPECT_EQ(logits.sizes(), (Sizes{images, 7}));
      EXPECT_TRUE(torch::isfinite(logits).all().item<bool>());
    }
  }
}

TEST_P(EveryNetwork, ImagesDoNotSeeEachOther) {
  const auto made = network();
  made->to(torch::kFloat64);
  made->eval();
  const auto images = normal_images(3, kWideInput, torch::kFloat64);
  const auto together = logits_for(*made, images);
  for (std::int64_t i = 0; i < 3; ++i) {
    const auto alone = logits_for(*made, images.slice(0, i, i + 1));
    EXPECT_TRUE(torch::allclose(together[i], alone[0], 1e-9, 1e-9)) << "image " << i;
  }
  EXPECT_GT((together[0] - together[1]).abs().max().item<double>(), 1e-6) << "it does not look at the image";
}

TEST_P(EveryNetwork, GradientsReachEveryParameter) {
  const auto made = network();
  made->train();
  auto weights = torch::empty({6, kWideInput.num_classes});
  fill_normal(weights, RandomStream(9, Purpose::test), 1.0);
  Batch batch;
  batch.images = normal_images(6, kWideInput);
  ForwardContext context;
  const auto output = made->classify(batch, context);
  auto loss = (output.logits * weights).sum();
  if (output.trajectory) loss = loss + output.trajectory->means.sum() + output.trajectory->baselines.sum();
  loss.backward();
  for (const auto& item : made->named_parameters()) {
    const auto& gradient = item.value().grad();
    ASSERT_TRUE(gradient.defined()) << item.key();
    EXPECT_TRUE(torch::isfinite(gradient).all().item<bool>()) << item.key();
    EXPECT_GT(gradient.abs().max().item<double>(), 0) << item.key();
  }
}

TEST_P(EveryNetwork, ItsLossFallsFromTheFirstSteps) {
  auto made = built(small_model(row()), kWideInput);
  initialise(*made, 3);
  made->train();
  const auto images = normal_images(10, kWideInput);
  const auto labels = torch::arange(10).remainder(kWideInput.num_classes);
  torch::optim::AdamW optimizer(made->parameters(), torch::optim::AdamWOptions(2e-3));
  constexpr std::uint64_t kMostSteps = 80;  // the deepest transformers take half of them
  double first = 0, least = 0;
  for (std::uint64_t step = 0; step < kMostSteps && (step == 0 || least >= 0.8 * first); ++step) {
    ForwardContext context;
    context.random = RandomStream(step, Purpose::test);
    const auto loss = torch::cross_entropy_loss(logits_for(*made, images, context), labels);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    const double value = loss.item<double>();
    if (step == 0) first = value;
    least = step == 0 ? value : std::min(least, value);
  }
  EXPECT_LT(least, 0.8 * first);
}

TEST_P(EveryBackbone, InsertionPointsDescribeTheirInput) {
  const InputSpec input{2, 64, 96, 5};
  const ModelField model = model_of(small_model(row(), ", attention: none"));
  ToyAttention attention;
  const auto made = model.row->build(*model.options, input, attention);
  made->eval();
  const auto logits = logits_for(*made, normal_images(3, input));
  EXPECT_EQ(logits.sizes(), (Sizes{3, 5}));
  const auto modules = made->named_modules("", /*include_self=*/false);
  std::set<InsertionKind> kinds;
  std::set<std::int64_t> stages;
  for (const auto& [name, visit] : attention.visits) {
    SCOPED_TRACE(name);
    kinds.insert(visit.point.kind);
    stages.insert(visit.point.stage);
    Sizes announced = sizes_of(visit.point.in);
    announced.insert(announced.begin(), 3);
    EXPECT_EQ(visit.arrived, announced);
    EXPECT_TRUE(modules.contains(visit.point.path)) << "the module is not where the insertion point says";
    if (visit.point.kind == InsertionKind::block || visit.point.kind == InsertionKind::stage) {
      EXPECT_EQ(visit.point.out_channels, visit.point.in.channels);
    }
  }
  EXPECT_TRUE(kinds.contains(InsertionKind::input) && kinds.contains(InsertionKind::block) &&
              kinds.contains(InsertionKind::stage) && kinds.contains(InsertionKind::pool));
  EXPECT_GE(stages.size(), 3U);
  ASSERT_NE(attention.last_pool, nullptr);
  std::vector<Sizes> announced;
  for (const FeatureShape& shape : attention.last_pool->point.stages) {
    announced.push_back(sizes_of(shape));
    announced.back().insert(announced.back().begin(), 3);
  }
  EXPECT_EQ(attention.last_pool->stage_shapes, announced);
}

TEST_P(EveryNetwork, HeadAndInputLayerAreWhereItSays) {
  const auto made = network();
  const auto modules = made->named_modules("", /*include_self=*/false);
  const auto* head = modules.find(made->head());
  ASSERT_NE(head, nullptr) << made->head();
  ASSERT_NE((*head)->as<torch::nn::Linear>(), nullptr);
  EXPECT_EQ((*head)->as<torch::nn::Linear>()->options.out_features(), kWideInput.num_classes);
  if (is_hard(row())) return;  // no single layer reads the image
  const auto* input = modules.find(made->input_layer());
  ASSERT_NE(input, nullptr) << made->input_layer();
  ASSERT_NE((*input)->as<torch::nn::Conv2d>(), nullptr);
  EXPECT_EQ((*input)->as<torch::nn::Conv2d>()->options.in_channels(), kWideInput.channels);
}

TEST_P(EveryNetwork, OtherChannelsAreRefused) {
  const auto made = network();
  EXPECT_THAT(
      [&] {
        logits_for(*made, torch::ones({2, 5, 32, 48}));
      },
      ThrowsMessage<ShapeError>(AllOf(HasSubstr("[N, 2, "), HasSubstr("[2, 5, 32, 48]"))));
}

TEST_P(EveryNetwork, ReadsBackAsWritten) {
  const std::string attention = is_hard(row()) ? "" : ", attention: {name: eca, stages: [2]}";
  ModelField model = model_of(small_model(row(), attention));
  const auto first = build_classifier(model, kWideInput);
  ModelField again;
  again.read(parse_yaml(model.write().dump(), "b.yaml"), "model");
  EXPECT_EQ(again.write(), model.write());
  const auto second = build_classifier(again, kWideInput);
  const NamedTensors one = state_dict(*first), other = state_dict(*second);
  EXPECT_TRUE(compare_weights(one, other).fits());
}

TEST_P(EveryBackbone, HooksSeeFeaturesThatExplainAClass) {
  const auto made = network();
  made->eval();
  FeatureHooks hooks;
  const auto logits = logits_for(*made, normal_images(2, kWideInput), &hooks);
  ASSERT_GE(hooks.features.size(), 3U);
  const ModuleNames names(*made);
  std::set<std::string> layers;
  for (const auto* module : hooks.modules) layers.insert(names.of(*module));
  EXPECT_EQ(layers.size(), hooks.features.size()) << "two hooked tensors of one name";
  for (std::size_t i = 0; i < hooks.features.size(); ++i) {
    ASSERT_EQ(hooks.features[i].dim(), 4);
    const auto gradient = torch::autograd::grad({logits.select(1, 0).sum()}, {hooks.features[i]}, {}, /*retain_graph=*/true,
                                                /*create_graph=*/false, /*allow_unused=*/true)[0];
    ASSERT_TRUE(gradient.defined()) << names.of(*hooks.modules[i]) << " does not reach the logits";
    EXPECT_GT(gradient.abs().max().item<double>(), 0) << names.of(*hooks.modules[i]);
  }
}

TEST_P(EveryBackbone, HooksSeeLayersOfAnyDepth) {
  const auto made = network();
  made->eval();
  FeatureHooks hooks;
  hooks.any_depth = true;
  const auto logits = logits_for(*made, normal_images(2, kWideInput), &hooks);
  const ModuleNames names(*made);
  std::set<std::string> layers;
  for (std::size_t i = 0; i < hooks.features.size(); ++i) {
    const std::string& name = names.of(*hooks.modules[i]);
    EXPECT_TRUE(layers.insert(name).second) << name << " is hooked twice";
    ASSERT_EQ(hooks.features[i].dim(), 4) << name;
    const auto gradient = torch::autograd::grad({logits.sum()}, {hooks.features[i]}, {}, /*retain_graph=*/true,
                                                /*create_graph=*/false, /*allow_unused=*/true)[0];
    EXPECT_TRUE(gradient.defined()) << name << " does not reach the logits";
  }
  // Every convolution of the trunk counts; those of attention modules, and of a head behind the last stage, do not.
  const std::string input_layer = made->input_layer();
  if (input_layer.find("patch_embed") == std::string::npos) {
    EXPECT_TRUE(layers.contains(input_layer)) << input_layer;
    EXPECT_GT(layers.size(), 8U);
  }
}

TEST_P(EveryNetwork, WeightsReturnFromEveryOtherLibrarysNames) {
  const auto made = network();
  const NamedTensors own = copy_state(*made);
  for (const KeyMapping& mapping : key_mappings_of(*made)) {
    SCOPED_TRACE(mapping.name);
    const NamedTensors there = to_external_names(mapping, own);
    ASSERT_EQ(there.size(), own.size() + mapping.zeros.size()) << "two tensors share a name";
    std::set<std::string> names;
    for (const auto& [name, tensor] : there) names.insert(name);
    const NamedForNetwork back = name_for(*made, without_wrapper_prefix("a.pth", there));
    EXPECT_TRUE(names.contains(made->head() + ".weight") || back.mapping == mapping.name) << "it is found by itself";
    if (back.mapping != mapping.name) continue;  // names that are the own ones: planes in another order
    EXPECT_TRUE(compare_weights(own, back.tensors).fits());
    for (const auto& [name, tensor] : own) {  // variances may have gone through another epsilon
      const bool is_variance = name.ends_with("running_var");
      EXPECT_TRUE(is_variance ? torch::allclose(tensor, back.tensors.at(name), 1e-6, 1e-9)
                              : torch::equal(tensor, back.tensors.at(name)))
          << name;
    }
  }
}

TEST_P(EveryBackbone, DropsAreDrawnFromTheContextAndInTrainingOnly) {
  const auto images = normal_images(4, kWideInput);
  int seen = 0;
  for (const FieldDescription& option : describe_fields(*row().make_options())) {
    const std::string& name = option.name;
    if (name != "dropout" && name != "stochastic_depth") continue;
    SCOPED_TRACE(name);
    ++seen;
    const auto made = network(kWideInput, ", " + name + ": 0.5");
    const auto run = [&](std::uint64_t seed) {
      ForwardContext context;
      context.random = RandomStream(seed, Purpose::test);
      return logits_for(*made, images, context);
    };
    made->eval();
    EXPECT_TRUE(torch::equal(run(1), run(2)));
    made->train();
    for (auto& module : made->modules()) {  // statistics of batches would differ from run to run
      if (module->as<torch::nn::BatchNorm2d>() != nullptr) module->eval();
    }
    EXPECT_TRUE(torch::equal(run(1), run(1)));
    EXPECT_FALSE(torch::equal(run(1), run(2)));
  }
  EXPECT_GT(seen, 0);
}

// The last maps of 32 x 32 pixels are often one position: of one image, batch norms cannot learn from it.
TEST_P(EveryNetwork, OneImageIsEitherTrainedOnOrRefused) {
  const InputSpec input{3, 32, 32, 5};
  const auto made = network(input);
  made->train();
  try {
    const auto logits = logits_for(*made, normal_images(1, input));
    EXPECT_TRUE(torch::isfinite(logits).all().item<bool>());
    logits.square().sum().backward();
  } catch (const ShapeError& error) {
    EXPECT_THAT(error.what(), HasSubstr("expected two values or more per channel for a norm in training"));
  }
}

/// The small network with attention where it takes some, in evaluation mode but for its head, and with a frozen parameter.
std::shared_ptr<Classifier> half_frozen(const std::shared_ptr<Classifier>& network) {
  network->eval();
  network->named_modules()[network->head()]->train();
  network->parameters().front().set_requires_grad(false);
  return network;
}

/// Equal tensors of equal names, in memory of their own.
void expect_equal_and_apart(const torch::OrderedDict<std::string, torch::Tensor>& copies,
                            const torch::OrderedDict<std::string, torch::Tensor>& originals) {
  ASSERT_EQ(copies.keys(), originals.keys());
  for (const auto& item : originals) {
    const torch::Tensor& copy = copies[item.key()];
    EXPECT_TRUE(torch::equal(copy, item.value())) << item.key();
    EXPECT_NE(copy.data_ptr(), item.value().data_ptr()) << item.key();
    EXPECT_EQ(copy.requires_grad(), item.value().requires_grad()) << item.key();
  }
}

TEST_P(EveryNetwork, ACloneIsEqualAndApart) {
  for (const std::string attention : {"none", "cbam"}) {
    if (attention != "none" && is_hard(row())) continue;
    SCOPED_TRACE(attention);
    const auto made = half_frozen(network(kWideInput, is_hard(row()) ? "" : ", attention: " + attention));
    const auto copy = std::dynamic_pointer_cast<Classifier>(made->clone());
    ASSERT_NE(copy, nullptr);
    expect_equal_and_apart(copy->named_parameters(), made->named_parameters());
    expect_equal_and_apart(copy->named_buffers(), made->named_buffers());
    const auto modules = copy->named_modules();
    for (const auto& item : made->named_modules()) {
      EXPECT_EQ(modules[item.key()]->is_training(), item.value()->is_training()) << item.key();
      EXPECT_EQ(modules[item.key()]->name(), item.value()->name()) << item.key();
    }
    const auto images = normal_images(2, kWideInput);
    const auto logits = made->forward(images);
    EXPECT_TRUE(torch::equal(copy->forward(images), logits));
    const torch::NoGradGuard no_grad;
    for (torch::Tensor& parameter : copy->parameters()) parameter.zero_();
    EXPECT_TRUE(torch::equal(made->forward(images), logits));
    EXPECT_FALSE(torch::equal(copy->forward(images), logits));
  }
}

TEST_P(EveryBackbone, EveryBlockCanBeClonedAlone) {
  const std::set<std::string> blocks{"CifarResnetBlock", "ResnetBlock",  "InvertedResidual", "TransformerBlock",
                                     "PatchEmbedding",   "TalkingHeads", "PatchRefinement",  "ClassAttentionBlock"};
  const auto made = network(kWideInput, ", attention: cbam");
  const bool has_blocks = made->name() != "Vgg";
  int cloned = 0;
  for (const auto& item : made->named_modules("", /*include_self=*/false)) {
    if (!blocks.contains(item.value()->name())) continue;
    SCOPED_TRACE(item.key());
    ++cloned;
    const auto copy = item.value()->clone();
    expect_equal_and_apart(copy->named_parameters(), item.value()->named_parameters());
    expect_equal_and_apart(copy->named_buffers(), item.value()->named_buffers());
  }
  EXPECT_EQ(cloned > 0, has_blocks);
}

/// A program's own module around a network.
struct AroundANetwork : torch::nn::Cloneable<AroundANetwork> {
  explicit AroundANetwork(std::function<std::shared_ptr<Classifier>()> make) : build(std::move(make)) {
    AroundANetwork::reset();
  }
  void reset() override { network = register_module("network", build()); }
  std::function<std::shared_ptr<Classifier>()> build;
  std::shared_ptr<Classifier> network;
};

TEST_P(EveryNetwork, ACloneAroundItHasItsWeights) {
  const std::string attention = is_hard(row()) ? "" : ", attention: cbam";
  const AroundANetwork around([&] { return network(kWideInput, attention); });
  {
    const torch::NoGradGuard no_grad;
    for (torch::Tensor& parameter : around.network->parameters()) parameter.add_(0.125);
  }
  const auto copy = std::dynamic_pointer_cast<AroundANetwork>(around.clone());
  expect_equal_and_apart(copy->network->named_parameters(), around.network->named_parameters());
  expect_equal_and_apart(copy->network->named_buffers(), around.network->named_buffers());
}

TEST_P(EveryNetwork, GivesLogitsOfImagesAlone) {
  const auto made = network();
  const auto images = normal_images(4, kWideInput);
  made->eval();
  EXPECT_TRUE(torch::equal(made->forward(images), logits_for(*made, images)));
  made->train();
  const auto drawn = [&](std::uint64_t seed) {
    torch::manual_seed(seed);
    return made->forward(images);
  };
  EXPECT_TRUE(torch::equal(drawn(1), drawn(1)));
  EXPECT_THAT([&] { made->forward((images * 8 + 128).to(torch::kUInt8)); },
              ThrowsMessage<ShapeError>(HasSubstr("normalised float images")));
  EXPECT_THROW(made->forward(torch::Tensor()), ShapeError);
  EXPECT_THROW(made->forward(images[0]), ShapeError);
}

TEST_P(EveryNetwork, StandsInASequential) {
  const auto made = network();
  made->eval();
  const auto images = normal_images(3, kWideInput);
  const auto logits = made->forward(images * 2 - 1);
  torch::nn::Sequential sequential(torch::nn::Functional([](const torch::Tensor& pixels) { return pixels * 2 - 1; }), made);
  EXPECT_TRUE(torch::equal(sequential->forward(images), logits));
  sequential->eval();
  const auto clone = std::dynamic_pointer_cast<torch::nn::SequentialImpl>(sequential->clone());
  EXPECT_TRUE(torch::equal(clone->forward(images), logits));
  torch::nn::AnyModule any(made);
  EXPECT_TRUE(torch::equal(any.forward(images * 2 - 1), logits));
}

/// State of the small network as its constructor leaves it.
NamedTensors constructed_state(const std::string& model, std::uint64_t seed) {
  const PoisonedMemory poisoned;
  torch::manual_seed(seed);
  return copy_state(*build_classifier(model_of(model), kWideInput));
}

/// The same of a network that is built without weights and then initialised with the seed that a constructor draws.
NamedTensors initialised_state(const std::string& model, std::uint64_t seed) {
  torch::manual_seed(seed);
  const auto network = build_without_weights(model_of(model), kWideInput);
  initialise(*network, seed_from_default_generator());
  return copy_state(*network);
}

TEST_P(EveryNetwork, ConstructorsInitialise) {
  for (const std::string attention : {"none", "cbam"}) {
    if (attention != "none" && is_hard(row())) continue;
    SCOPED_TRACE(attention);
    const std::string model = small_model(row(), is_hard(row()) ? "" : ", attention: " + attention);
    for (const std::uint64_t seed : {1, 2}) {
      const NamedTensors constructed = constructed_state(model, seed), initialised = initialised_state(model, seed);
      ASSERT_EQ(constructed.size(), initialised.size());
      for (const auto& [name, tensor] : initialised) EXPECT_TRUE(torch::equal(constructed.at(name), tensor)) << name;
    }
  }
}

/// Plain options that make the row's network small, and the same for a configuration.
std::pair<OptionValues, std::string> small_plain_options(const ModelRow& row) {
  const auto options = row.make_options();
  const auto is = [&]<typename NetworkOptions>(const NetworkOptions&) {
    return dynamic_cast<OptionsOf<NetworkOptions>*>(options.get()) != nullptr;
  };
  const CifarResnetOptions cifar{.width = 4, .dropout = 0.25};
  if (is(cifar)) return {cifar, "width: 4, dropout: 0.25"};
  const ResnetOptions resnet{.channels = {16, 16, 16, 24}, .stochastic_depth = 0.25};
  if (is(resnet)) return {resnet, "channels: [16, 16, 16, 24], stochastic_depth: 0.25"};
  const VggOptions vgg{.hidden = 16};
  if (is(vgg)) return {vgg, "hidden: 16"};
  const MobileNetV2Options mobile_v2{.width = 0.25};
  if (is(mobile_v2)) return {mobile_v2, "width: 0.25"};
  const MobileNetV3Options mobile_v3{.width = 0.25, .norm_momentum = 0.5};
  if (is(mobile_v3)) return {mobile_v3, "width: 0.25, norm_momentum: 0.5"};
  const VisionTransformerOptions vision{.patch_size = {8}, .embed_dim = 24, .depth = 2};
  if (is(vision)) return {vision, "patch_size: 8, embed_dim: 24, depth: 2"};
  const ClassAttentionTransformerOptions cait{.patch_size = {8}, .embed_dim = 24, .depth = 2};
  if (is(cait)) return {cait, "patch_size: 8, embed_dim: 24, depth: 2"};
  const RamOptions ram{.glimpses = 3, .encoder = GlimpseEncoderKind::convolutional};
  if (is(ram)) return {ram, "glimpses: 3, encoder: convolutional"};
  ADD_FAILURE() << row.name << ": say how plain options make its network small";
  return {{}, ""};
}

TEST_P(EveryNetwork, PlainOptionsKeepTheRowsOwnValues) {
  const auto [options, yaml] = small_plain_options(row());
  const auto created = create_model(row().name, {.num_classes = kWideInput.num_classes,
                                                 .options = options,
                                                 .in_channels = kWideInput.channels,
                                                 .height = kWideInput.height,
                                                 .width = kWideInput.width});
  const auto read = built("{name: " + row().name + ", " + yaml + "}", kWideInput);
  ASSERT_TRUE(compare_weights(state_dict(*read), state_dict(*created)).fits());
  load_state_dict(*read, copy_state(*created), "test");
  const auto images = normal_images(4, kWideInput);
  for (const bool training : {true, false}) {
    created->train(training);
    read->train(training);
    ForwardContext first, second;
    EXPECT_TRUE(torch::equal(logits_for(*created, images, first), logits_for(*read, images, second)));
  }
}

TEST_P(EveryNetwork, SaysWhetherItTakesGlimpses) {
  const auto made = network();
  made->eval();
  Batch batch;
  batch.images = normal_images(1, kWideInput);
  ForwardContext context;
  EXPECT_EQ(made->takes_glimpses(), made->classify(batch, context).trajectory.has_value());
}

TEST_P(EveryNetwork, OptionsOutOfTheirRangeAreRefusedFromCpp) {
  for (std::size_t number = 0;; ++number) {
    const auto options = row().make_options();
    RangeBreaker breaker(number);
    options->visit_fields(breaker);
    if (breaker.field().empty()) break;
    SCOPED_TRACE(write_fields(*options).dump());
    EXPECT_THAT(input_error_of([&] { row().build(*options, kWideInput, no_attention()); }),
                HasSubstr(": " + breaker.field() + ": expected "));
  }
}

TEST_P(EveryNetwork, ImpossibleImagesAreRefused) {
  for (const InputSpec& input : {InputSpec{0, 32, 32, 5}, {3, 0, 32, 5}, {3, 32, -1, 5}, {3, 32, 32, 0}}) {
    EXPECT_THAT([&] { row().build(*row().make_options(), input, no_attention()); },
                ThrowsMessage<InputError>(HasSubstr("expected an integer >= 1")));
  }
}

TEST_P(EveryNetwork, ItsParameterFreeChoicesAreThoseOfItsOptions) {
  const ModelRow& listed = row();
  ModelField model;
  model.read(parse_yaml(listed.name, "test"), "model");
  const Json section = model.write();
  for (const ParameterFreeChoice& choice : listed.parameter_free) {
    SCOPED_TRACE(choice.about);
    EXPECT_FALSE(choice.about.empty());
    EXPECT_NE(choice.value.empty(), choice.option.empty()) << "either a value or an option";
    if (choice.option.empty()) continue;
    ASSERT_TRUE(section.contains(choice.option)) << choice.option;
    for (const auto& [word, meaning] : choice.words) {
      EXPECT_FALSE(meaning.empty()) << word;
      ModelField other;
      other.read(parse_yaml("{name: " + listed.name + ", " + choice.option + ": " + word + "}", "test"), "model");
      const auto assumed = assumed_choices({choice}, other.write());
      ASSERT_EQ(assumed.size(), 1U) << word;
      EXPECT_EQ(assumed[0].value, word);
      EXPECT_EQ(assumed[0].meaning, meaning);
      EXPECT_EQ(assumed[0].key, "model." + choice.option);
      EXPECT_EQ(assumed[0].others.size() + 1, choice.words.size());
    }
  }
  const auto is_activation = [](const ParameterFreeChoice& choice) { return choice.about == "activation"; };
  if (listed.preprocessing) {
    EXPECT_TRUE(std::any_of(listed.parameter_free.begin(), listed.parameter_free.end(), is_activation));
  }
}

TEST_P(EveryNetwork, IsListedWithItsPaper) {
  EXPECT_FALSE(row().title.empty());
  EXPECT_THAT(row().arxiv, testing::MatchesRegex("[0-9]{4}\\.[0-9]{4,5}"));
}

std::vector<std::string> registered_networks() {
  std::vector<std::string> names;
  for (const ModelRow& row : model_registry()) names.push_back(row.name);
  return names;
}

std::vector<std::string> registered_backbones() {
  auto names = registered_networks();
  std::erase_if(names, [](const std::string& name) { return is_hard(find_model(name, "test")); });
  return names;
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryNetwork, testing::ValuesIn(registered_networks()),
                         [](const auto& test) { return test.param; });

INSTANTIATE_TEST_SUITE_P(Registry, EveryBackbone, testing::ValuesIn(registered_backbones()),
                         [](const auto& test) { return test.param; });

// The same as torch::nn::parallel::replicate(); its header does not compile where LibTorch has no CUDA.
TEST(ReplicateTest, ReplicasOnADeviceWorkAtTheSameTime) {
  const auto network = built("{name: resnet8, width: 4, attention: cbam}");
  initialise(*network, 1);
  network->eval();
  const auto halves = normal_images(6, kCifarInput).chunk(2);
  std::vector<std::future<torch::Tensor>> results;
  for (const torch::Tensor& half : halves) {
    const auto replica = std::dynamic_pointer_cast<Classifier>(network->clone(torch::Device(torch::kCPU)));
    results.push_back(std::async(std::launch::async, [replica, half] { return replica->forward(half); }));
  }
  for (std::size_t i = 0; i < halves.size(); ++i) {
    EXPECT_TRUE(torch::equal(results[i].get(), network->forward(halves[i])));
  }
}

TEST(ModelRegistryTest, NamesAreThereOnce) {
  const auto names = registered_networks();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
}

}  // namespace
}  // namespace fovea
