#include <string>

#include <fovea/attention/context/internal/position_weights.h>
#include <fovea/attention/context/learn_to_pay_attention.h>
#include <fovea/attention/positions.h>
#include <fovea/base/error.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

torch::nn::Conv2d pay_convolution(std::int64_t in_channels, std::int64_t out_channels) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in_channels, out_channels, 1).bias(false));
}

/// A 1x1 convolution of positions [N, L, C].
torch::Tensor convolve_positions(const torch::nn::Conv2d& convolution, const torch::Tensor& positions) {
  return torch::linear(positions, convolution->weight.flatten(1));
}

/// Sets ForwardContext::theta for as long as it lives.
class ThetaOfStage {
 public:
  ThetaOfStage(ForwardContext& context, const torch::Tensor& theta) : context_(context), before_(context.theta) {
    context.theta = theta;
  }
  ThetaOfStage(const ThetaOfStage&) = delete;
  ThetaOfStage& operator=(const ThetaOfStage&) = delete;
  ~ThetaOfStage() { context_.theta = before_; }

 private:
  ForwardContext& context_;
  torch::Tensor before_;
};

}  // namespace

void LearnToPayAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.choice("score", score, {{"additive", PayScore::additive}, {"dot", PayScore::dot}},
                "compatibility of a position with the global vector; additive with softmax does not depend on it");
  fields.choice("normalise", normalise, {{"softmax", PayNormalisation::softmax}, {"sigmoid", PayNormalisation::sigmoid}},
                "weights over the positions, or a factor for every position");
  selection.visit_fields(fields);
}

StageAttentionImpl::StageAttentionImpl(std::int64_t local_channels, std::int64_t global_channels,
                                       LearnToPayAttentionOptions options)
    : CloneableModule("StageAttention"),
      local_channels_(expect_positive(local_channels, "StageAttention: local_channels")),
      global_channels_(expect_positive(global_channels, "StageAttention: global_channels")),
      options_(options) {
  const auto holder = [&](const char* called, torch::nn::Conv2d convolution) {
    register_module(called, torch::nn::ModuleDict())->update({{"op", convolution.ptr()}});
    return convolution;
  };
  projector_ = holder("projector", pay_convolution(local_channels, global_channels));
  if (options.score == PayScore::additive) scorer_ = holder("attn", pay_convolution(global_channels, 1));
}

torch::Tensor StageAttentionImpl::forward(const torch::Tensor& features, const torch::Tensor& global,
                                          ContextArgument context) {
  Positions positions = positions_of(*this, features, local_channels_);
  positions.values = projected(positions.values);
  const auto compatibility = scores(positions.values, global);
  if (options_.normalise == PayNormalisation::softmax) {
    return select_positions(*this, compatibility, positions, options_.selection, context.of(*this));
  }
  const auto factors =
      hook_position_weights(*this, torch::sigmoid(compatibility), positions, Meaning::gate, context.of(*this));
  return weighted_sum(factors, positions) / static_cast<double>(factors.size(1));
}

torch::Tensor StageAttentionImpl::scores(const torch::Tensor& local, const torch::Tensor& global) {
  if (scorer_) return convolve_positions(scorer_, local + global.unsqueeze(1)).squeeze(2);
  return torch::bmm(local, global.unsqueeze(2)).squeeze(2);
}

torch::Tensor StageAttentionImpl::projected(const torch::Tensor& positions) {
  return convolve_positions(projector_, positions);
}

std::shared_ptr<torch::nn::Module> StageAttentionImpl::rebuilt() const {
  return std::make_shared<StageAttentionImpl>(local_channels_, global_channels_, options_);
}

LearnToPayAttentionImpl::LearnToPayAttentionImpl(std::int64_t channels, LearnToPayAttentionOptions options)
    : LearnToPayAttentionImpl(InsertionPoint{.kind = InsertionKind::pool, .in = {channels}}, options) {}

LearnToPayAttentionImpl::LearnToPayAttentionImpl(const InsertionPoint& point, LearnToPayAttentionOptions options)
    : Pool("LearnToPayAttention"),
      point_(expect_channels(point, "LearnToPayAttention")),
      options_(expect_in_range(options, "LearnToPayAttention")) {
  expect_effect(options.selection, "ltpa");
  if (options.selection.is_hard() && options.normalise == PayNormalisation::sigmoid) {
    throw InputError("ltpa: selects", "soft with normalise: sigmoid, whose factors are not probabilities", "hard");
  }
  query_ = register_module("query", std::make_shared<PoolQueryImpl>(point, QuerySource::mean, "ltpa"));
  const auto shapes = point.stages.empty() ? std::vector<FeatureShape>{point.in} : point.stages;
  for (const FeatureShape& stage : shapes) {
    const auto attention = std::make_shared<StageAttentionImpl>(stage.channels, query_->features(), options);
    stages_.push_back(register_module(std::to_string(stages_.size()), attention));
  }
}

torch::Tensor LearnToPayAttentionImpl::attend(const PoolInput& input, ForwardContext& context) {
  const Positions last = positions_of(*this, input.features, point_.in.channels);
  const auto global = query_->forward(input.query, last.values);
  const auto stage_features =
      input.stages.empty() ? std::vector<StageFeatures>{{input.features, context.theta}} : input.stages;
  if (stage_features.size() != stages_.size()) {
    throw ShapeError(name(), "the features of " + std::to_string(stages_.size()) + " stages",
                     std::to_string(stage_features.size()));
  }
  std::vector<torch::Tensor> gathered;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const ThetaOfStage theta(context, stage_features[i].theta);
    gathered.push_back(stages_[i]->forward(stage_features[i].features, global, context));
  }
  return torch::cat(gathered, 1);
}

std::int64_t LearnToPayAttentionImpl::out_features() const {
  return static_cast<std::int64_t>(stages_.size()) * query_->features();
}

std::shared_ptr<torch::nn::Module> LearnToPayAttentionImpl::rebuilt() const {
  return std::make_shared<LearnToPayAttentionImpl>(point_, options_);
}

}  // namespace fovea
