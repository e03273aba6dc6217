#include <array>
#include <cmath>

#include <fovea/base/error.h>
#include <fovea/models/glimpse/ram.h>
#include <fovea/models/internal/families.h>
#include <fovea/nn/initialise.h>
#include <fovea/nn/shape_text.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

std::shared_ptr<GlimpseEncoder> make_encoder(const RamOptions& options, std::int64_t channels) {
  const RetinaShape retina{options.patch, options.scales};
  if (options.encoder == GlimpseEncoderKind::linear) {
    return std::make_shared<LinearGlimpseEncoderImpl>(retina.values(channels), options.encoder_features, options.width);
  }
  return std::make_shared<ConvolutionalGlimpseEncoderImpl>(
      options.scales * channels, options.patch, options.encoder_channels, options.encoder_features, options.width);
}

/// Random locations [rows, count, 2], drawn in row-major order.
template <typename Draw>
torch::Tensor drawn(std::int64_t rows, std::int64_t count, const torch::Tensor& like, Draw draw) {
  auto values = torch::empty({rows, count, 2}, torch::kFloat64);
  double* value = values.data_ptr<double>();
  for (std::int64_t i = 0; i < values.numel(); ++i) value[i] = draw();
  return values.to(like.device(), like.scalar_type());
}

/// Logarithm of the mean probability over the rollouts of each image: [R, K] -> [N, K].
torch::Tensor over_rollouts(const torch::Tensor& logits, std::int64_t rollouts) {
  if (rollouts == 1) return logits;
  const auto log_probabilities = logits.log_softmax(1).view({-1, rollouts, logits.size(1)});
  return log_probabilities.logsumexp(1) - std::log(static_cast<double>(rollouts));
}

const RamOptions& expect_possible_ram(const RamOptions& options) {
  expect_in_range(options, "Ram");
  const bool convolutional = options.encoder == GlimpseEncoderKind::convolutional;
  if (convolutional && options.patch < 2) {
    throw InputError("model.patch", "at least 2 for a convolutional encoder", std::to_string(options.patch));
  }
  if (!convolutional && options.encoder_channels != RamOptions().encoder_channels) {
    throw InputError("model.encoder_channels", "a convolutional encoder", "a linear one",
                     "set model.encoder: convolutional, or remove model.encoder_channels");
  }
  return options;
}

}  // namespace

void RamOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("glimpses", glimpses, {1, 1024}, "number of glimpses");
  fields.integer("patch", patch, {1, 512}, "values along a side of each window's patch");
  fields.integer("scales", scales, {1, 12}, "windows of a glimpse, each twice as wide as the one before");
  fields.choice("encoder", encoder,
                {{"linear", GlimpseEncoderKind::linear}, {"convolutional", GlimpseEncoderKind::convolutional}},
                "glimpse encoder");
  fields.integer("encoder_channels", encoder_channels, {1, 4096}, "channels of the convolutional encoder's first layer");
  fields.integer("encoder_features", encoder_features, {1, 65536},
                 "features of the encoded patches, and of the encoded location");
  fields.choice("core", core, {{"relu", CoreKind::relu}, {"lstm", CoreKind::lstm}, {"gru", CoreKind::gru}},
                "recurrent core");
  fields.integer("width", width, {1, 65536}, "features of an encoded glimpse, and of the core's state");
  fields.integer("policy_features", policy_features, {0, 65536}, "features of the location policy's hidden layer; 0 = none");
  fields.real("range", range, {.minimum = 0, .maximum = 1, .minimum_open = true},
              "largest coordinate of a location, in normalised coordinates; 1 = the image's edge");
  fields.choice("first", first, {{"centre", FirstGlimpse::centre}, {"random", FirstGlimpse::random}},
                "location of the first glimpse");
}

RamImpl::RamImpl(const RamOptions& options, const InputSpec& input, AttentionFactory& /*attention*/)
    : Classifier("Ram"),
      options_(expect_possible_ram(options)),
      input_(expect_possible(input, "Ram")),
      retina_{options.patch, options.scales} {
  network_.encoder = register_module("encoder", make_encoder(options, input.channels));
  network_.core = register_module("core", std::make_shared<RecurrentCoreImpl>(options.core, options.width, options.width));
  network_.policy =
      register_module("policy", std::make_shared<LocationPolicyImpl>(options.width, options.policy_features, options.range));
  network_.baseline = register_module("baseline", torch::nn::Linear(options.width, 1));
  network_.classifier = register_module("classifier", torch::nn::Linear(options.width, input.num_classes));
  initialise_constructed(*this);
}

std::shared_ptr<torch::nn::Module> RamImpl::rebuilt() const {
  return std::make_shared<RamImpl>(options_, input_);
}

void RamImpl::repeat_changes(const CloneableModule& original) {
  fused_ = dynamic_cast<const RamImpl&>(original).fused_;
}

RolloutPlan RamImpl::plan(const Retina& retina, const ForwardContext& context) const {
  const std::int64_t rows = retina.rows();
  const torch::Tensor& like = network_.classifier->weight;
  const double range = network_.policy->range();
  const auto zeros = [&](std::int64_t count) { return torch::zeros({rows, count, 2}, like.options().requires_grad(false)); };
  const auto uniform = [&](std::int64_t count) {
    RandomStream stream = context.random.child("locations");
    return drawn(rows, count, like, [&] { return stream.uniform(-range, range); });
  };
  RolloutPlan plan;
  plan.glimpses = options_.glimpses;
  plan.record_glimpses = !is_training();
  if (context.policy == PolicyMode::random) plan.locations = uniform(options_.glimpses);
  if (context.policy == PolicyMode::centre) plan.locations = zeros(options_.glimpses);
  if (context.policy == PolicyMode::replay) {
    const std::array<std::int64_t, 3> expected{rows, options_.glimpses, 2};
    if (!context.replay.defined() || context.replay.sizes() != torch::IntArrayRef(expected)) {
      throw ShapeError("Ram",
                       "locations to replay of [" + std::to_string(rows) + ", " + std::to_string(options_.glimpses) + ", 2]",
                       context.replay.defined() ? shape_text(context.replay) : "none");
    }
    plan.locations = context.replay.to(like.device(), like.scalar_type());
  }
  if (plan.locations.defined()) return plan;

  plan.first = (options_.first == FirstGlimpse::random ? uniform(1) : zeros(1)).select(1, 0);
  if (context.policy == PolicyMode::sample) {
    if (!(context.standard_deviation > 0))
      throw InputError("Ram", "a standard deviation > 0 to sample with", std::to_string(context.standard_deviation));
    RandomStream stream = context.random.child("choices");
    plan.noise = drawn(rows, options_.glimpses - 1, like, [&] { return stream.normal(); });
    plan.standard_deviation = context.standard_deviation;
  }
  return plan;
}

ModelOutput RamImpl::classify(const Batch& batch, ForwardContext& context) {
  const Retina retina(retina_, batch, context.rollouts, network_.classifier->weight.scalar_type());
  if (retina.channels() != input_.channels) {
    const torch::Tensor& images = batch.images.defined() ? batch.images : batch.singles.front();
    throw ShapeError("Ram", (batch.images.defined() ? "[N, " : "[") + std::to_string(input_.channels) + ", H, W]",
                     shape_text(images));
  }
  const bool fuses = fused_ && can_fuse(network_, retina);
  auto trajectory = (fuses ? fused_rollout : composed_rollout)(network_, retina, plan(retina, context));
  const auto last = trajectory.logits.select(1, options_.glimpses - 1);
  return {over_rollouts(last, context.rollouts), std::move(trajectory)};
}

std::vector<ModelRow> ram_models() {
  return {
      {.name = "ram",
       .title = "Recurrent Models of Visual Attention",
       .arxiv = "1406.6247",
       .traits = {.where = {Where::location}, .selects = {Selects::hard}, .query = {Query::context}, .axis = {Axis::region}},
       .make_options = starting_from(RamOptions()),
       .build = build_network<RamImpl, RamOptions>()}};
}

}  // namespace fovea
