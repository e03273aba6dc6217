#include <string>

#include <fovea/attention/cells.h>
#include <fovea/attention/context/cell_weights.h>
#include <fovea/attention/context/learn_to_pay_attention.h>
#include <fovea/base/error.h>

namespace fovea {
namespace {

torch::nn::Conv2d pay_convolution(std::int64_t in_channels, std::int64_t out_channels) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in_channels, out_channels, 1).bias(false));
}

/// A 1x1 convolution of cells [N, L, C].
torch::Tensor convolve_cells(const torch::nn::Conv2d& convolution, const torch::Tensor& cells) {
  return torch::linear(cells, convolution->weight.flatten(1));
}

/// Sets ForwardContext::frame for as long as it lives.
class FrameOfStage {
 public:
  FrameOfStage(ForwardContext& context, const torch::Tensor& frame) : context_(context), before_(context.frame) {
    context.frame = frame;
  }
  FrameOfStage(const FrameOfStage&) = delete;
  FrameOfStage& operator=(const FrameOfStage&) = delete;
  ~FrameOfStage() { context_.frame = before_; }

 private:
  ForwardContext& context_;
  torch::Tensor before_;
};

}  // namespace

void LearnToPayAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.choice("score", score, {{"additive", PayScore::additive}, {"dot", PayScore::dot}},
                "how a cell is compared with the global vector; additive with softmax does not depend on it");
  fields.choice("normalise", normalise, {{"softmax", PayNormalisation::softmax}, {"sigmoid", PayNormalisation::sigmoid}},
                "weights over the cells, or a factor for every cell");
}

StageAttention::StageAttention(std::int64_t local_channels, std::int64_t global_channels,
                               const LearnToPayAttentionOptions& options)
    : Module("StageAttention"), channels_(local_channels), normalise_(options.normalise) {
  const auto holder = [&](const char* called, torch::nn::Conv2d convolution) {
    register_module(called, torch::nn::ModuleDict())->update({{"op", convolution.ptr()}});
    return convolution;
  };
  projector_ = holder("projector", pay_convolution(local_channels, global_channels));
  if (options.score == PayScore::additive) scorer_ = holder("attn", pay_convolution(global_channels, 1));
}

torch::Tensor StageAttention::forward(const torch::Tensor& features, const torch::Tensor& global, ForwardContext& context) {
  Cells cells = cells_of(*this, features, channels_);
  cells.values = projected(cells.values);
  const auto compatibility = scores(cells.values, global);
  if (normalise_ == PayNormalisation::softmax) {
    const auto weights = torch::softmax(compatibility, 1);
    return weighted_sum(tap_cell_weights(*this, weights, cells, Meaning::weights, context), cells);
  }
  const auto factors = tap_cell_weights(*this, torch::sigmoid(compatibility), cells, Meaning::gate, context);
  return weighted_sum(factors, cells) / static_cast<double>(factors.size(1));
}

torch::Tensor StageAttention::scores(const torch::Tensor& local, const torch::Tensor& global) {
  if (scorer_) return convolve_cells(scorer_, local + global.unsqueeze(1)).squeeze(2);
  return torch::bmm(local, global.unsqueeze(2)).squeeze(2);
}

torch::Tensor StageAttention::projected(const torch::Tensor& cells) {
  return convolve_cells(projector_, cells);
}

LearnToPayAttention::LearnToPayAttention(const Site& site, const LearnToPayAttentionOptions& options)
    : Pool("LearnToPayAttention"), channels_(site.in.channels) {
  query_ = register_module("query", std::make_shared<PoolQuery>(site, QuerySource::mean));
  const auto shapes = site.stages.empty() ? std::vector<FeatureShape>{site.in} : site.stages;
  for (const FeatureShape& stage : shapes) {
    const auto attention = std::make_shared<StageAttention>(stage.channels, query_->features(), options);
    stages_.push_back(register_module(std::to_string(stages_.size()), attention));
  }
}

torch::Tensor LearnToPayAttention::forward(const PoolInput& input, ForwardContext& context) {
  const Cells last = cells_of(*this, input.features, channels_);
  const auto global = query_->forward(input.query, last.values);
  const auto arriving = input.stages.empty() ? std::vector<StageFeatures>{{input.features, context.frame}} : input.stages;
  if (arriving.size() != stages_.size()) {
    throw ShapeError(name(), "the features of " + std::to_string(stages_.size()) + " stages",
                     std::to_string(arriving.size()));
  }
  std::vector<torch::Tensor> gathered;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const FrameOfStage frame(context, arriving[i].frame);
    gathered.push_back(stages_[i]->forward(arriving[i].features, global, context));
  }
  return torch::cat(gathered, 1);
}

std::int64_t LearnToPayAttention::out_features() const {
  return static_cast<std::int64_t>(stages_.size()) * query_->features();
}

}  // namespace fovea
