// Properties of every attention mechanism, checked for each row of the registry, and for the hard form of those that have
// one: a new mechanism joins by its row alone.

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/registry.h>
#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/nn/attention_map.h>
#include <fovea/nn/initialise.h>
#include <fovea/weights/state_dict.h>

#include "gradient_check.h"
#include "option_changes.h"
#include "poisoned_memory.h"
#include "range_breaker.h"

namespace fovea {
namespace {

constexpr std::int64_t kChannels = 16;

void change(Options& options, const OptionChange& change) {
  OptionChanger changer(change);
  options.visit_fields(changer);
}

/// The row with options of hard attention by default.
MechanismRow hard_form(MechanismRow row) {
  row.name += "_hard";
  row.make_options = [name = row.name, make = row.make_options] {
    auto options = make();
    change(*options, {"selects", 0});
    if (name == "luong_local_hard") change(*options, {"mode", 0});  // mode p weighs, but not by probabilities
    return options;
  };
  return row;
}

/// Rows of the registry, and the hard forms.
const std::deque<MechanismRow>& suite_rows() {
  static const std::deque<MechanismRow> rows = [] {
    std::deque<MechanismRow> all(mechanism_registry());
    for (const MechanismRow& row : mechanism_registry()) {
      if (row.chooses) all.push_back(hard_form(row));
    }
    return all;
  }();
  return rows;
}

/// The shape that the suite's features have: not square, small, and what the mechanism's blocks fit into.
FeatureShape suite_shape(const MechanismRow& row, const Options& options) {
  const std::int64_t multiple = row.size_multiple ? row.size_multiple(options) : 1;
  if (multiple == 1) return {kChannels, 5, 7};
  return {kChannels, multiple, 2 * multiple};
}

InsertionPoint suite_point(const MechanismRow& row, const Options& options) {
  return standalone_point(row, suite_shape(row, options));
}

/// The suite's shape, wider than high, and the same higher than wide.
std::vector<FeatureShape> both_ways(const MechanismRow& row, const Options& options) {
  const FeatureShape wide = suite_shape(row, options);
  return {wide, {wide.channels, wide.width, wide.height}};
}

/// A mechanism in float64. Norms start as identity with empty statistics, and much else starts at zero, which would hide
/// mistakes: every tensor gets a life of its own.
BuiltMechanism build_alive(const MechanismRow& row, const Options& options) {
  BuiltMechanism mechanism = build_mechanism(row, options, suite_point(row, options));
  mechanism.module->to(torch::kFloat64);
  initialise(*mechanism.module, 7);
  const torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : state_dict(*mechanism.module)) {
    if (!tensor.is_floating_point()) continue;
    auto noise = torch::empty_like(tensor);
    fill_uniform(noise, RandomStream(7, Purpose::test).child(name), 0.1, 0.5);
    const_cast<torch::Tensor&>(tensor).add_(noise);
  }
  return mechanism;
}

BuiltMechanism build_alive(const MechanismRow& row) {
  return build_alive(row, *row.make_options());
}

torch::Tensor normal_features(const FeatureShape& shape, std::int64_t images) {
  auto tensor = torch::empty({images, shape.channels, shape.height, shape.width}, torch::kFloat64);
  fill_normal(tensor, RandomStream(1, Purpose::test), 1.0);
  return tensor;
}

torch::Tensor suite_features(const MechanismRow& row, const Options& options, std::int64_t images) {
  return normal_features(suite_shape(row, options), images);
}

torch::Tensor suite_features(const MechanismRow& row, std::int64_t images) {
  return suite_features(row, *row.make_options(), images);
}

torch::Tensor run(const BuiltMechanism& mechanism, const torch::Tensor& input, ForwardHooks* hooks = nullptr) {
  ForwardContext context;
  context.hooks = hooks;
  if (mechanism.module->is_training()) context.policy = PolicyMode::sample;
  return mechanism.forward(input, context);
}

/// Of that shape, and finite.
void expect_shaped(const torch::Tensor& result, const std::vector<std::int64_t>& shape) {
  EXPECT_EQ(result.sizes(), shape);
  EXPECT_TRUE(torch::isfinite(result).all().item<bool>()) << "shape " << result.sizes();
}

/// Everything a training learns from: the result, the class scores of branches, and the log-probabilities of hard choices.
torch::Tensor run_in_training(const BuiltMechanism& mechanism, const torch::Tensor& input) {
  ForwardContext context;
  context.policy = PolicyMode::sample;
  std::vector<torch::Tensor> results{mechanism.forward(input, context).flatten()};
  for (const auto& [name, logits] : context.branch_logits) results.push_back(logits.flatten());
  for (const HardChoices& made : context.choices) results.push_back(made.log_probs);
  return torch::cat(results);
}

class Conformance : public testing::TestWithParam<std::string> {
 protected:
  const MechanismRow& row() const {
    const std::deque<MechanismRow>& rows = suite_rows();
    return *std::find_if(rows.begin(), rows.end(), [](const MechanismRow& row) { return row.name == GetParam(); });
  }
};

class GateConformance : public Conformance {};
class MixerConformance : public Conformance {};
class PoolConformance : public Conformance {};
class WarpConformance : public Conformance {};

TEST_P(Conformance, RowIsComplete) {
  EXPECT_FALSE(row().summary.empty());
  EXPECT_FALSE(row().title.empty());
  if (row().reference.empty()) {
    EXPECT_THAT(row().arxiv, testing::MatchesRegex("[0-9]{4}\\.[0-9]{5}|[0-9]{4}\\.[0-9]{4}"));
  }
  EXPECT_FALSE(row().traits.where.empty());
  EXPECT_FALSE(row().traits.selects.empty());
  EXPECT_FALSE(row().traits.query.empty());
  EXPECT_FALSE(row().traits.axis.empty());
}

TEST_P(Conformance, GradientsOfInputAndParametersMatchDifferences) {
  for (const bool training : {false, true}) {
    const BuiltMechanism mechanism = build_alive(row());
    mechanism.module->train(training);
    const auto input = suite_features(row(), 2).requires_grad_();
    std::vector<std::pair<std::string, torch::Tensor>> variables{{"input", input}};
    for (const auto& item : mechanism.module->named_parameters()) variables.emplace_back(item.key(), item.value());
    expect_gradients_match([&] { return run_in_training(mechanism, input); }, variables);
  }
}

TEST_P(Conformance, ImagesOfABatchDoNotMeetInEvaluationMode) {
  const BuiltMechanism mechanism = build_alive(row());
  mechanism.module->eval();
  const auto batch = suite_features(row(), 3);
  const auto together = run(mechanism, batch);
  for (std::int64_t n = 0; n < 3; ++n) {
    const auto alone = run(mechanism, batch.slice(0, n, n + 1));
    EXPECT_TRUE(torch::allclose(together.slice(0, n, n + 1), alone, 1e-12, 1e-12)) << "image " << n;
  }
}

TEST_P(GateConformance, KeepsAnyShape) {
  const BuiltMechanism mechanism = build_alive(row());
  const auto options = row().make_options();
  const std::int64_t multiple = row().size_multiple ? row().size_multiple(*options) : 1;
  for (const auto& [images, height, width] : {std::tuple{1, 1, 1}, {1, 9, 2}, {4, 2, 9}, {2, 5, 7}, {3, 7, 5}}) {
    const auto input = normal_features({kChannels, height * multiple, width * multiple}, images);
    mechanism.module->eval();
    expect_shaped(run(mechanism, input), input.sizes().vec());
    mechanism.module->train(images > 1);  // batch norm needs more than one value to train on
    expect_shaped(run(mechanism, input), input.sizes().vec());
  }
}

TEST_P(MixerConformance, GivesTheChannelsAndStrideOfItsPoint) {
  const auto& build = std::get<MixerBuilder>(row().build);
  const auto options = row().make_options();
  for (const FeatureShape& shape : both_ways(row(), *options)) {
    for (const std::int64_t stride : {1, 2}) {
      for (const std::int64_t out_channels : {kChannels, 2 * kChannels}) {
        InsertionPoint point = standalone_point(row(), shape);
        point.stride = stride;
        point.out_channels = out_channels;
        const auto mixer = build(*options, point);
        initialise(*mixer, 7);
        const auto halved = [&](std::int64_t side) { return (side + stride - 1) / stride; };
        for (const bool training : {false, true}) {
          mixer->train(training);
          ForwardContext context;
          expect_shaped(mixer->forward(normal_features(shape, 2).to(torch::kFloat32), context),
                        {2, out_channels, halved(shape.height), halved(shape.width)});
        }
      }
    }
  }
}

TEST_P(PoolConformance, GivesAVectorPerImageByWeightsThatSumToOne) {
  const auto& build = std::get<PoolBuilder>(row().build);
  const auto options = row().make_options();
  for (const FeatureShape& shape : both_ways(row(), *options)) {
    const auto pool = build(*options, standalone_point(row(), shape));
    initialise(*pool, 7);
    pool->eval();
    for (const std::int64_t images : {1, 3}) {
      AttentionRecorder recorder(*pool);
      ForwardContext context;
      context.hooks = &recorder;
      const auto input = normal_features(shape, images).to(torch::kFloat32);
      expect_shaped(pool->attend({.features = input, .stages = {input}}, context), {images, pool->out_features()});
      const bool weighs = std::any_of(recorder.maps.begin(), recorder.maps.end(),
                                      [](const AttentionMap& map) { return map.meaning == Meaning::weights; });
      EXPECT_EQ(weighs, row().name != "luong_local");  // whose Gaussian takes from the weights, as in the paper
    }
  }
}

TEST_P(WarpConformance, SaysWhatComesOutAndWhereItLies) {
  const auto& build = std::get<WarpBuilder>(row().build);
  const auto options = row().make_options();
  for (const FeatureShape& in : both_ways(row(), *options)) {
    const auto warp = build(*options, standalone_point(row(), in));
    initialise(*warp, 7);
    warp->eval();
    ForwardContext context;
    const FeatureShape out = warp->output_shape(in);
    expect_shaped(warp->forward(normal_features(in, 3).to(torch::kFloat32), context),
                  {3, out.channels, out.height, out.width});
    ASSERT_TRUE(context.theta.defined());
    EXPECT_EQ(context.theta.sizes(), (std::vector<std::int64_t>{3, 2, 3}));
  }
}

TEST_P(Conformance, StateMovesToAnotherInstance) {
  const BuiltMechanism from = build_alive(row());
  const BuiltMechanism to = build_alive(row());
  for (auto& [name, tensor] : state_dict(*to.module)) const_cast<torch::Tensor&>(tensor).detach().zero_();
  load_state_dict(*to.module, copy_state(*from.module), "test");
  from.module->eval();
  to.module->eval();
  const auto input = suite_features(row(), 2);
  EXPECT_TRUE(torch::equal(run(from, input), run(to, input)));
}

/// Sum of a map's values over the attended elements.
torch::Tensor sums_of(const AttentionMap& map) {
  switch (map.kind) {
    case MapKind::spatial:
      return map.values.flatten(1).sum(1);
    case MapKind::pairwise:
      return map.values.sum(3);
    case MapKind::dense:
      return map.values.flatten(2).sum(2);
    default:  // channel [N, C], branch [N, B, C]
      return map.values.sum(1);
  }
}

/// That values, shape and grids are what kind and meaning promise. @param input what the mechanism was given.
void expect_maps_keep_their_word(const std::vector<AttentionMap>& maps, const torch::Tensor& input) {
  const std::int64_t images = input.size(0), height = input.size(2), width = input.size(3);
  for (const AttentionMap& map : maps) {
    SCOPED_TRACE(map.layer + " " + to_string(map.kind));
    EXPECT_EQ(map.values.size(0), images);
    if (map.meaning == Meaning::gate || map.meaning == Meaning::weights) {
      EXPECT_GE(map.values.min().item<double>(), 0.0);
      EXPECT_LE(map.values.max().item<double>(), 1.0 + 1e-12);
    }
    if (map.meaning == Meaning::weights) {
      const auto sums = sums_of(map);
      EXPECT_TRUE(torch::allclose(sums, torch::ones_like(sums), 1e-9, 1e-9)) << sums;
    }
    const auto positions = [](const std::vector<std::int64_t>& grid) { return grid[0] * grid[1]; };
    switch (map.kind) {
      case MapKind::channel:
        EXPECT_EQ(map.values.dim(), 2);
        break;
      case MapKind::spatial:
        EXPECT_EQ(map.values.sizes(), (std::vector<std::int64_t>{images, height, width}));
        break;
      case MapKind::dense:
        EXPECT_EQ(map.values.sizes().slice(2), (std::vector<std::int64_t>{height, width}));
        break;
      case MapKind::branch:
        EXPECT_EQ(map.values.dim(), 3);
        break;
      case MapKind::windows:
        EXPECT_EQ(map.values.size(3), 4);
        break;
      case MapKind::pairwise:
        ASSERT_EQ(map.values.dim(), 4);
        if (!map.query_grid.empty()) {
          EXPECT_EQ(map.values.size(2), positions(map.query_grid) + map.prefix_tokens);
        }
        if (!map.key_grid.empty()) {
          EXPECT_EQ(map.values.size(3), positions(map.key_grid) + map.prefix_tokens);
        }
        break;
      case MapKind::features:
      case MapKind::layer:
        ADD_FAILURE() << "features are no attention";
    }
  }
}

TEST_P(Conformance, HooksChangeNothingAndSeeMaps) {
  const BuiltMechanism mechanism = build_alive(row());
  mechanism.module->eval();
  const auto input = suite_features(row(), 2);
  AttentionRecorder recorder(*mechanism.module);
  const auto with = run(mechanism, input, &recorder);
  EXPECT_TRUE(torch::equal(with, run(mechanism, input)));
  ASSERT_FALSE(recorder.maps.empty());
  expect_maps_keep_their_word(recorder.maps, input);
  const auto modules = mechanism.module->named_modules("", false).keys();
  for (const AttentionMap& map : recorder.maps) {
    EXPECT_TRUE(map.layer.empty() || std::count(modules.begin(), modules.end(), map.layer) == 1) << map.layer;
  }
}

/// Replaces all attention by zeros.
class ZeroHooks final : public ForwardHooks {
 public:
  torch::Tensor on_tensor(const torch::nn::Module&, const HookedTensor& about, const torch::Tensor& tensor) override {
    return about.kind == MapKind::features ? tensor : torch::zeros_like(tensor);
  }
};

TEST_P(Conformance, HooksCanReplaceAttention) {
  const BuiltMechanism mechanism = build_alive(row());
  mechanism.module->eval();
  ZeroHooks zero;
  const auto input = suite_features(row(), 2);
  EXPECT_FALSE(torch::allclose(run(mechanism, input, &zero), run(mechanism, input)));
}

TEST_P(Conformance, FreshModuleIsFilledAndUsable) {
  const auto options = row().make_options();
  const BuiltMechanism mechanism = build_mechanism(row(), *options, suite_point(row(), *options));
  {
    const torch::NoGradGuard no_grad;
    for (auto& parameter : mechanism.module->parameters()) parameter.fill_(std::nan(""));
  }
  initialise(*mechanism.module, 3);
  for (const auto& item : mechanism.module->named_parameters()) {
    EXPECT_TRUE(torch::isfinite(item.value()).all().item<bool>()) << item.key() << " is not initialised";
  }
  const auto output = run(mechanism, suite_features(row(), 4).to(torch::kFloat32));
  EXPECT_TRUE(torch::isfinite(output).all().item<bool>());
  EXPECT_GT(output.std().item<double>(), 0.0);
}

TEST_P(GateConformance, IdentityStartIsIdentityAndTrains) {
  const auto& build = std::get<GateBuilder>(row().build);
  const auto options = row().make_options();
  const auto gate = build(*options, suite_point(row(), *options));
  gate->start_as_identity();
  initialise(*gate, 3);
  const auto input = suite_features(row(), 4).to(torch::kFloat32);
  ForwardContext context;
  for (const bool training : {false, true}) {
    gate->train(training);
    EXPECT_TRUE(torch::equal(gate->forward(input, context), input));
  }
  // It must be able to leave the identity, and all of it to learn by the second step.
  const auto cotangent = torch::cos(torch::arange(input.numel(), torch::kFloat32)).view(input.sizes());
  for (int step = 0; step < 3; ++step) {
    gate->zero_grad();
    (gate->forward(input, context) * cotangent).sum().backward();
    const torch::NoGradGuard no_grad;
    for (auto& parameter : gate->parameters()) {
      if (parameter.grad().defined()) parameter.sub_(parameter.grad(), 1e-3);
    }
  }
  EXPECT_FALSE(torch::allclose(gate->forward(input, context), input, 1e-6, 1e-6)) << "stays the identity for ever";

  if (gate->is_identity_initially()) return;
  const auto standard = build(*options, suite_point(row(), *options));
  NamedTensors state = copy_state(*gate);
  state.at("identity_gain").fill_(1);
  load_state_dict(*gate, state, "test");
  state.erase("identity_gain");
  load_state_dict(*standard, state, "test");
  gate->eval();
  standard->eval();
  EXPECT_TRUE(torch::allclose(gate->forward(input, context), standard->forward(input, context), 1e-5, 1e-5));
}

/// Output and shapes of a mechanism with these options; None when they do not fit.
std::optional<NamedTensors> observe(const MechanismRow& row, const Options& options) {
  NamedTensors seen;
  try {
    const InsertionPoint point = suite_point(row, options);
    const BuiltMechanism fresh = build_mechanism(row, options, point);
    initialise(*fresh.module, 7);
    add_with_prefix(seen, copy_state(*fresh.module), "fresh.");
    const BuiltMechanism mechanism = build_alive(row, options);
    for (const bool training : {false, true}) {
      mechanism.module->train(training);
      const auto input = suite_features(row, options, 2);
      const std::string mode = training ? "training" : "evaluation";
      AttentionRecorder recorder(*mechanism.module);
      seen[mode] = run(mechanism, input, &recorder).detach();
      expect_maps_keep_their_word(recorder.maps, input);
      EXPECT_TRUE(torch::isfinite(seen[mode]).all().item<bool>()) << mode;
    }
    add_with_prefix(seen, copy_state(*mechanism.module), "after.");
    if (std::holds_alternative<MixerBuilder>(row.build)) {  // what counts where a mixer has a stride
      InsertionPoint strided = point;
      strided.stride = 2;
      const BuiltMechanism thinning = build_mechanism(row, options, strided);
      initialise(*thinning.module, 7);
      seen["stride 2"] = run(thinning, suite_features(row, options, 2).to(torch::kFloat32)).detach();
    }
  } catch (const InputError&) {
    return std::nullopt;
  }
  return seen;
}

bool look_alike(const NamedTensors& left, const NamedTensors& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](const auto& a, const auto& b) {
    return a.first == b.first && a.second.sizes() == b.second.sizes() && torch::equal(a.second, b.second);
  });
}

/// True when another value of the field changes the output, with the other options of `base`.
bool changes_something(const MechanismRow& row, const std::vector<OptionChange>& base, const std::string& field,
                       const std::vector<OptionChange>& changes) {
  const auto changed = [&](const std::vector<OptionChange>& all) {
    auto options = row.make_options();
    for (const OptionChange& one : all) change(*options, one);
    return options;
  };
  const auto before = observe(row, *changed(base));
  if (!before) return false;
  return std::any_of(changes.begin(), changes.end(), [&](const OptionChange& change) {
    if (change.field != field) return false;
    auto with = base;
    with.push_back(change);
    const auto after = observe(row, *changed(with));
    return after && !look_alike(*before, *after);
  });
}

TEST_P(Conformance, EveryOptionChangesSomething) {
  const auto changes = all_option_changes(row().make_options);
  for (const FieldDescription& described : describe_fields(*row().make_options())) {
    const std::string& field = described.name;
    bool seen = changes_something(row(), {}, field, changes);
    for (std::size_t i = 0; i < changes.size() && !seen; ++i) {  // an option may refine another one
      if (changes[i].field != field) seen = changes_something(row(), {changes[i]}, field, changes);
    }
    for (std::size_t i = 0; i < changes.size() && !seen; ++i) {  // or two others
      for (std::size_t j = 0; j < i && !seen; ++j) {
        const bool are_others =
            changes[i].field != field && changes[j].field != field && changes[i].field != changes[j].field;
        if (are_others) seen = changes_something(row(), {changes[i], changes[j]}, field, changes);
      }
    }
    EXPECT_TRUE(seen) << "'" << field << "' changes nothing";
  }
}

/// Output of a mechanism of any kind, in evaluation mode or as it is.
torch::Tensor output_of(torch::nn::Module& module, const torch::Tensor& features) {
  ForwardContext context;
  if (auto* gate = dynamic_cast<Gate*>(&module)) return gate->forward(features, context);
  if (auto* mixer = dynamic_cast<Mixer*>(&module)) return mixer->forward(features, context);
  if (auto* warp = dynamic_cast<Warp*>(&module)) return warp->forward(features, context);
  return dynamic_cast<Pool&>(module).attend({.features = features, .stages = {features}}, context);
}

/// Mode of each module, and requires_grad of each parameter, by name.
std::map<std::string, bool> modes_of(const torch::nn::Module& root) {
  std::map<std::string, bool> modes{{"", root.is_training()}};
  for (const auto& module : root.named_modules("", /*include_self=*/false))
    modes[module.key()] = module.value()->is_training();
  for (const auto& parameter : root.named_parameters())
    modes["parameter " + parameter.key()] = parameter.value().requires_grad();
  return modes;
}

/// That `clone` has what `original` has, in memory of its own.
void expect_own_copy(torch::nn::Module& original, torch::nn::Module& clone, const torch::Tensor& features) {
  EXPECT_EQ(typeid(original), typeid(clone));
  EXPECT_EQ(modes_of(clone), modes_of(original));
  const NamedTensors before = copy_state(original);
  ASSERT_TRUE(look_alike(state_dict(clone), before));
  for (const auto& [name, tensor] : state_dict(clone)) {
    EXPECT_EQ(tensor.dtype(), before.at(name).dtype()) << name;
    EXPECT_NE(tensor.data_ptr(), state_dict(original).at(name).data_ptr()) << name;
  }
  original.eval();
  clone.eval();
  const auto output = output_of(original, features).detach();
  EXPECT_TRUE(torch::equal(output_of(clone, features), output));
  {
    const torch::NoGradGuard no_grad;
    for (auto& tensor : clone.parameters()) tensor.add_(1);
    for (auto& tensor : clone.buffers()) tensor.add_(1);
  }
  EXPECT_TRUE(look_alike(state_dict(original), before));
  EXPECT_TRUE(torch::equal(output_of(original, features), output));
}

TEST_P(Conformance, CloneIsACopyOfItsOwn) {
  const BuiltMechanism in_double = build_alive(row());
  const auto features = suite_features(row(), 2);
  expect_own_copy(*in_double.module, *in_double.module->clone(), features);

  const BuiltMechanism in_float = build_alive(row());
  in_float.module->to(torch::kFloat32);
  expect_own_copy(*in_float.module, *in_float.module->clone(), features.to(torch::kFloat32));
}

TEST_P(Conformance, CloneKeepsModesAndFrozenParameters) {
  const BuiltMechanism mechanism = build_alive(row());
  bool second = false;
  for (auto& parameter : mechanism.module->parameters()) parameter.set_requires_grad(second = !second);
  for (const auto& module : mechanism.module->modules(/*include_self=*/false)) module->train(second = !second);
  expect_own_copy(*mechanism.module, *mechanism.module->clone(), suite_features(row(), 2));
}

TEST_P(GateConformance, CloneOfAGateThatStartsAsTheIdentity) {
  const BuiltMechanism mechanism = build_alive(row());
  dynamic_cast<Gate&>(*mechanism.module).start_as_identity();
  mechanism.module->to(torch::kFloat64);
  {
    const torch::NoGradGuard no_grad;
    const auto parameters = mechanism.module->named_parameters();
    if (const torch::Tensor* gain = parameters.find("identity_gain")) gain->fill_(0.5);
  }
  expect_own_copy(*mechanism.module, *mechanism.module->clone(), suite_features(row(), 2));
}

/// A module as users write them: LibTorch clones it by building it again and cloning its children.
class UserModuleImpl final : public torch::nn::Cloneable<UserModuleImpl> {
 public:
  explicit UserModuleImpl(std::function<std::shared_ptr<torch::nn::Module>()> build) : build_(std::move(build)) { reset(); }
  void reset() override { attention = register_module("attention", build_()); }

  std::shared_ptr<torch::nn::Module> attention;

 private:
  std::function<std::shared_ptr<torch::nn::Module>()> build_;
};

TEST_P(Conformance, ModulesOfUsersCloneItWithItsWeights) {
  const auto options = row().make_options();
  UserModuleImpl user([&] { return build_mechanism(row(), *options, suite_point(row(), *options)).module; });
  for (const auto& [name, tensor] : state_dict(user)) {
    const torch::NoGradGuard no_grad;
    torch::Tensor values = tensor;
    if (values.is_floating_point()) fill_uniform(values, RandomStream(2, Purpose::test).child(name), 0.1, 0.9);
  }
  if (auto* gate = dynamic_cast<Gate*>(user.attention.get())) gate->start_as_identity();
  user.to(torch::kFloat64);
  const auto clone = std::dynamic_pointer_cast<UserModuleImpl>(user.clone());
  ASSERT_NE(clone, nullptr);
  expect_own_copy(*user.attention, *clone->attention, suite_features(row(), 2));
}

TEST_P(Conformance, StandsInASequential) {
  if (row().name.starts_with("ltpa")) GTEST_SKIP() << "reads several stages, which torch::nn::Sequential does not pass on";
  const BuiltMechanism mechanism = build_alive(row());
  torch::nn::Conv2d convolution(torch::nn::Conv2dOptions(kChannels, kChannels, 1));
  torch::nn::Sequential network(convolution);
  const auto append =
      [&]<typename Kind>(const std::function<std::shared_ptr<Kind>(const Options&, const InsertionPoint&)>&) {
        network->push_back(std::dynamic_pointer_cast<Kind>(mechanism.module));
      };
  std::visit(append, row().build);
  network->push_back(torch::nn::ReLU());
  network->to(torch::kFloat64);
  network->eval();
  const auto features = suite_features(row(), 2);
  const auto output = network->forward(features);
  EXPECT_TRUE(torch::equal(output, torch::relu(output_of(*mechanism.module, convolution(features)))));
  const auto clone = std::dynamic_pointer_cast<torch::nn::SequentialImpl>(network->clone());
  EXPECT_TRUE(torch::equal(clone->forward(features), output));
}

TEST_P(Conformance, OptionsOutOfRangeAreRefused) {
  const InsertionPoint point = suite_point(row(), *row().make_options());
  for (std::size_t number = 0;; ++number) {
    const auto options = row().make_options();
    RangeBreaker breaker(number);
    options->visit_fields(breaker);
    if (breaker.field().empty()) break;
    SCOPED_TRACE(write_fields(*options).dump());
    const auto build = [&] { std::visit([&](const auto& builder) { builder(*options, point); }, row().build); };
    EXPECT_THAT(input_error_of(build), testing::HasSubstr(": " + breaker.field() + ": expected "));
    EXPECT_NE(input_error_of([&] { build_mechanism(row(), *options, point); }), "no InputError");
  }
}

/// The state of a mechanism as its constructor leaves it.
NamedTensors constructed_state(const MechanismRow& row, std::uint64_t seed) {
  const auto options = row.make_options();
  const PoisonedMemory poisoned;
  torch::manual_seed(seed);
  return copy_state(*build_mechanism(row, *options, suite_point(row, *options)).module);
}

/// The same behind initialise().
NamedTensors initialised_state(const MechanismRow& row, std::uint64_t seed) {
  const auto options = row.make_options();
  const BuiltMechanism mechanism = build_mechanism(row, *options, suite_point(row, *options));
  initialise(*mechanism.module, seed);
  return copy_state(*mechanism.module);
}

TEST_P(Conformance, ConstructorsGiveStartingValues) {
  const NamedTensors first = constructed_state(row(), 1);
  EXPECT_TRUE(look_alike(constructed_state(row(), 1), first));
  const NamedTensors second = constructed_state(row(), 2);
  const NamedTensors first_initialised = initialised_state(row(), 1), second_initialised = initialised_state(row(), 2);
  for (const auto& [name, tensor] : first) {
    EXPECT_TRUE(torch::isfinite(tensor).all().item<bool>()) << name << " is not set";
    if (torch::equal(first_initialised.at(name), second_initialised.at(name))) continue;  // starts with a fixed value
    EXPECT_FALSE(torch::equal(tensor, second.at(name))) << name << " is not drawn by torch::manual_seed()";
  }
}

TEST_P(Conformance, DrawsComeFromTheContextAlone) {
  std::vector<std::vector<OptionChange>> variants{{}};
  for (const OptionChange& one : all_option_changes(row().make_options)) variants.push_back({one});
  for (const auto& variant : variants) {
    const auto options = row().make_options();
    for (const OptionChange& one : variant) change(*options, one);
    torch::manual_seed(1);
    const auto first = observe(row(), *options);
    torch::manual_seed(2);
    const auto second = observe(row(), *options);
    ASSERT_EQ(first.has_value(), second.has_value());
    if (first) {
      EXPECT_TRUE(look_alike(*first, *second)) << (variant.empty() ? "defaults" : variant.front().field);
    }
  }
}

TEST_P(Conformance, WrongShapesThrowBothShapes) {
  const BuiltMechanism mechanism = build_alive(row());
  const auto message = [&](const torch::Tensor& input) -> std::string {
    try {
      run(mechanism, input);
    } catch (const ShapeError& error) {
      return error.what();
    }
    return "no ShapeError";
  };
  using testing::HasSubstr;
  EXPECT_THAT(message(torch::ones({2, kChannels / 2, 3, 4}, torch::kFloat64)),
              testing::AllOf(HasSubstr("expected [N, 16, H, W]"), HasSubstr("got [2, 8, 3, 4]")));
  EXPECT_THAT(message(torch::ones({kChannels, 3, 4}, torch::kFloat64)), HasSubstr("got [16, 3, 4]"));
}

TEST_P(Conformance, OptionsReadBackAsWritten) {
  const auto options = row().make_options();
  const Json written = write_fields(*options);
  const auto again = row().make_options();
  read_fields(*again, parse_yaml(written.dump(), "test"), "");
  EXPECT_EQ(write_fields(*again), written);
}

/// The names of all mechanisms of a kind; of any without one.
std::vector<std::string> mechanism_names(const std::string& kind = "") {
  std::vector<std::string> names;
  for (const MechanismRow& row : suite_rows()) {
    if (kind.empty() || kind == row.kind()) names.push_back(row.name);
  }
  return names;
}

std::string name_of(const testing::TestParamInfo<std::string>& test) {
  return test.param;
}

INSTANTIATE_TEST_SUITE_P(Registry, Conformance, testing::ValuesIn(mechanism_names()), name_of);
INSTANTIATE_TEST_SUITE_P(Registry, GateConformance, testing::ValuesIn(mechanism_names("gate")), name_of);
INSTANTIATE_TEST_SUITE_P(Registry, MixerConformance, testing::ValuesIn(mechanism_names("mixer")), name_of);
INSTANTIATE_TEST_SUITE_P(Registry, PoolConformance, testing::ValuesIn(mechanism_names("pool")), name_of);
INSTANTIATE_TEST_SUITE_P(Registry, WarpConformance, testing::ValuesIn(mechanism_names("warp")), name_of);

}  // namespace
}  // namespace fovea
