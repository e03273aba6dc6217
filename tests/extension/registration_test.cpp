// Mechanisms, networks, data sets and methods of a program of its own, beside fovea's: they stay registered, so this is a
// suite of its own.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/registry.h>
#include <fovea/base/error.h>
#include <fovea/datasets/registry.h>
#include <fovea/datasets/translated_digits.h>
#include <fovea/explain/method.h>
#include <fovea/models/create_model.h>
#include <fovea/models/model_field.h>
#include <fovea/models/registry.h>
#include <fovea/nn/initialise.h>
#include <fovea/run/experiment_config.h>
#include <fovea/run/experiment_data.h>

#include "built_network.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

struct HalfOptions {
  double factor = 0.5;

  void visit_fields(FieldVisitor& fields) { fields.real("factor", factor, kFraction, "of the features"); }
};

/// A gate without weights.
class HalfImpl final : public Gate {
 public:
  explicit HalfImpl(HalfOptions options = {}) : Gate("Half"), options_(options) {}

 protected:
  torch::Tensor attend(const torch::Tensor& features, ForwardContext&) override { return options_.factor * features; }
  std::shared_ptr<torch::nn::Module> rebuilt() const override { return std::make_shared<HalfImpl>(options_); }

 private:
  HalfOptions options_;
};

MechanismRow half_row(const std::string& name) {
  return {.name = name,
          .summary = "halves every feature",
          .make_options = make_options<HalfOptions>,
          .build = GateBuilder([](const Options& options, const InsertionPoint&) {
            return std::make_shared<HalfImpl>(options_cast<HalfOptions>(options));
          })};
}

struct TinyOptions {
  std::int64_t width = 4;

  void visit_fields(FieldVisitor& fields) { fields.integer("width", width, {1, 64}, "channels"); }
};

/// A convolution, a gate, the mean over the positions, a linear layer.
class TinyImpl final : public Classifier {
 public:
  explicit TinyImpl(TinyOptions options = {}, const InputSpec& input = {}, AttentionFactory& attention = no_attention())
      : Classifier("Tiny") {
    conv_ = register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(input.channels, options.width, 3)));
    gate_ = attention.gate(
        {InsertionKind::block, 1, {options.width, input.height - 2, input.width - 2}, options.width, 1, "gate", {}});
    if (gate_) register_module("gate", gate_);
    fc_ = register_module("fc", torch::nn::Linear(options.width, input.num_classes));
  }

  ModelOutput classify(const Batch& batch, ForwardContext& context) override {
    auto features = conv_(batch.input());
    if (gate_) features = gate_->forward(features, context);
    return {fc_(context.hook(*conv_, {MapKind::features}, features).mean({2, 3}))};
  }

 private:
  torch::nn::Conv2d conv_{nullptr};
  std::shared_ptr<Gate> gate_;
  torch::nn::Linear fc_{nullptr};
};

ModelRow tiny_row(const std::string& name) {
  return {.name = name,
          .make_options = make_options<TinyOptions>,
          .build = [](const Options& options, const InputSpec& input, AttentionFactory& attention) {
            return std::make_shared<TinyImpl>(options_cast<TinyOptions>(options), input, attention);
          }};
}

struct ShadesOptions {
  std::int64_t images = 6;

  void visit_fields(FieldVisitor& fields) { fields.integer("images", images, {1, 100}, "how many"); }
};

/// Grey images of one shade: dark ones and bright ones.
class Shades final : public Dataset {
 public:
  explicit Shades(std::int64_t images) : images_(images) {}
  std::int64_t size() const override { return images_; }
  Sample sample(std::int64_t index) const override {
    Image image(4, 5, 1);
    std::fill(image.pixels.begin(), image.pixels.end(), label(index) == 0 ? std::uint8_t{0} : std::uint8_t{255});
    return {image, label(index)};
  }
  std::int64_t label(std::int64_t index) const override { return index % 2; }
  const std::vector<std::string>& class_names() const override { return names_; }
  int channels() const override { return 1; }
  int height() const override { return 4; }
  int width() const override { return 5; }

 private:
  std::int64_t images_;
  std::vector<std::string> names_{"dark", "bright"};
};

DatasetRow shades_row(const std::string& name) {
  return {.name = name,
          .make_options = make_options<ShadesOptions>,
          .statistics =
              [](const Options&) {
                return PixelStatistics{{0.5}, {0.5}};
              },
          .open = [](const Options& options, Split split) -> std::shared_ptr<const Dataset> {
            if (split == Split::validation) return nullptr;
            return std::make_shared<Shades>(options_cast<ShadesOptions>(options).images);
          }};
}

Explanation explain_nothing(Classifier&, const Batch&, const LayerFilter&, const std::vector<std::int64_t>&) {
  return {};
}

TEST(RegistrationTest, AMechanismGoesIntoNetworksByItsName) {
  const MechanismRow& first = mechanism_registry().front();
  const MechanismRow& row = register_mechanism(half_row("half"));
  EXPECT_EQ(&find_mechanism("half", "test"), &row);
  EXPECT_EQ(&mechanism_registry().back(), &row);
  EXPECT_EQ(&mechanism_registry().front(), &first) << "rows have moved";

  const InputSpec input{3, 16, 16, 4};
  const auto half = build_classifier(model_of("{name: resnet8, attention: {name: half, factor: 0.25}}"), input);
  const auto created =
      create_model("resnet8", {.num_classes = 4, .attention = {{"half", HalfOptions{0.25}}}, .height = 16, .width = 16});
  initialise(*half, kDefaultSeed);
  half->eval();
  created->eval();
  ASSERT_TRUE(half->named_modules().contains("layer1.0.se"));
  EXPECT_EQ(half->named_modules()["layer1.0.se"]->name(), "Half");
  const auto images = torch::rand({2, 3, 16, 16});
  EXPECT_TRUE(torch::equal(half->forward(images), created->forward(images)));
  EXPECT_THAT([] { model_of("{name: resnet8, attention: hlaf}"); },
              ThrowsMessage<InputError>(HasSubstr("did you mean 'half'?")));
  EXPECT_THAT([] { model_of("{name: resnet8, attention: {name: half, factor: 2}}"); },
              ThrowsMessage<InputError>(HasSubstr("attention.factor: expected a number in [0, 1], got '2'")));
}

TEST(RegistrationTest, ANetworkIsBuiltByItsName) {
  register_mechanism(half_row("half_of_tiny"));
  const ModelRow& row = register_model(tiny_row("tiny"));
  EXPECT_EQ(&find_model("tiny", "test"), &row);
  const InputSpec input{2, 6, 7, 3};
  ModelField model = model_of("{name: tiny, width: 5, attention: half_of_tiny}");
  const auto network = build_classifier(model, input);
  EXPECT_EQ(network->named_parameters()["conv.weight"].sizes(), (std::vector<std::int64_t>{5, 2, 3, 3}));
  EXPECT_TRUE(network->named_modules().contains("gate"));
  EXPECT_EQ(network->forward(torch::rand({4, 2, 6, 7})).sizes(), (std::vector<std::int64_t>{4, 3}));
  EXPECT_EQ(model.write()["width"], 5);
  EXPECT_EQ(create_model("tiny", {.options = TinyOptions{.width = 9}})->named_parameters()["fc.weight"].size(1), 9);
}

TEST(RegistrationTest, ADataSetIsOpenedByItsName) {
  const DatasetRow& row = register_dataset(shades_row("shades"));
  EXPECT_EQ(&find_dataset("shades", "test"), &row);
  const auto config =
      read_experiment_config(parse_yaml("{data: {name: shades, images: 8}, model: {name: resnet8}}", "a.yaml"));
  EXPECT_EQ(config->preprocess.mean, std::vector<double>{0.5});
  ExperimentData data(*config, {}, {});
  EXPECT_EQ(data.input().channels, 1);
  EXPECT_EQ(data.input().height, 4);
  EXPECT_EQ(data.input().num_classes, 2);
  const Loader loader = data.loader(Split::test);
  const Batch batch = loader.batch(loader.order(0), 0, 0);
  EXPECT_EQ(batch.size(), 8);
  EXPECT_TRUE(torch::allclose(batch.input().mean({1, 2, 3}), 2 * batch.labels.to(torch::kFloat32) - 1));
}

TEST(RegistrationTest, ASourceOfCanvasesIsInMemory) {
  DatasetRow row = shades_row("generated_shades");
  row.in_memory = true;  // which it is not
  register_dataset(std::move(row));
  TranslatedDigitsOptions options;
  options.source.read(parse_yaml("generated_shades", "a.yaml"), "data.source");
  EXPECT_THAT([&] { open_translated_digits(options, Split::train); },
              ThrowsMessage<InputError>(HasSubstr("data.source: generated_shades: expected an ArrayDataset, as in_memory of "
                                                  "its row says, got another kind of data set")));
}

TEST(RegistrationTest, AMethodIsFoundByItsName) {
  const MethodRow& row = register_method({.name = "nothing", .help = "shows nothing", .explain = explain_nothing});
  EXPECT_EQ(&find_method("nothing", "test"), &row);
  TinyImpl network;
  EXPECT_TRUE(list_layers(row, network, {}).empty());
  EXPECT_THAT([] { find_method("nothin", "test"); }, ThrowsMessage<InputError>(HasSubstr("did you mean 'nothing'?")));
}

TEST(RegistrationTest, ANameIsTakenOnce) {
  register_mechanism(half_row("taken"));
  register_model(tiny_row("taken"));
  register_dataset(shades_row("taken"));
  register_method({.name = "taken", .explain = explain_nothing});
  const auto refused = [](const char* where) {
    return ThrowsMessage<InputError>(AllOf(HasSubstr(where), HasSubstr("'taken'; it is registered already")));
  };
  EXPECT_THAT([] { register_mechanism(half_row("taken")); }, refused("register_mechanism"));
  EXPECT_THAT([] { register_model(tiny_row("taken")); }, refused("register_model"));
  EXPECT_THAT([] { register_dataset(shades_row("taken")); }, refused("register_dataset"));
  EXPECT_THAT([] { register_method({.name = "taken", .explain = explain_nothing}); }, refused("register_method"));
  EXPECT_THAT([] { register_mechanism(half_row("cbam")); },
              ThrowsMessage<InputError>(HasSubstr("'cbam'; it is registered already")));
}

TEST(RegistrationTest, ARowHasANameAndEveryFunction) {
  EXPECT_THAT([] { register_model(tiny_row("")); }, ThrowsMessage<InputError>(HasSubstr("a row with a name")));
  EXPECT_THAT([] { register_mechanism(half_row("none")); },
              ThrowsMessage<InputError>(HasSubstr("'none', which stands for no mechanism")));
  const auto refused = ThrowsMessage<InputError>(HasSubstr("incomplete: expected every required function"));
  EXPECT_THAT([] { register_mechanism({.name = "incomplete", .summary = "", .make_options = make_options<HalfOptions>}); },
              refused);
  EXPECT_THAT([] { register_model({.name = "incomplete", .make_options = make_options<TinyOptions>}); }, refused);
  EXPECT_THAT([] { register_dataset({.name = "incomplete", .make_options = make_options<ShadesOptions>}); }, refused);
  EXPECT_THAT([] { register_method({.name = "incomplete"}); }, refused);
}

}  // namespace
}  // namespace fovea
