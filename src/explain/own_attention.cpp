#include <fovea/base/error.h>
#include <fovea/explain/own_attention.h>
#include <fovea/nn/finite_values.h>

namespace fovea {
namespace {

/// Rows of a sample's weights [heads, Q, K] whose queries the classifier reads.
torch::Tensor read_queries(const AttentionMap& map, const torch::Tensor& weights) {
  if (map.query_grid.empty()) return weights;
  return map.prefix_is_read && map.prefix_tokens > 0 ? weights.slice(1, 0, map.prefix_tokens)
                                                     : weights.slice(1, map.prefix_tokens);
}

}  // namespace

std::optional<torch::Tensor> visible_values(const AttentionMap& map, std::int64_t sample) {
  const torch::Tensor values = map.values[sample].to(torch::kCPU, torch::kFloat32);
  switch (map.kind) {
    case MapKind::channel:  // [C]
    case MapKind::spatial:  // [H, W]
      return values;
    case MapKind::dense:  // [C, H, W]
      return values.mean(0);
    case MapKind::pairwise: {  // [heads, Q, K]
      if (map.key_grid.size() != 2) return std::nullopt;
      return read_queries(map, values).mean(torch::IntArrayRef{0, 1}).slice(0, map.prefix_tokens).reshape(map.key_grid);
    }
    case MapKind::features:
    case MapKind::layer:
    case MapKind::branch:
    case MapKind::windows:
      break;
  }
  return std::nullopt;
}

void expect_one_image(const Batch& batch) {
  if (batch.size() != 1) throw InputError("explain", "a batch of one image", std::to_string(batch.size()));
}

Explanation explanation_of(const torch::nn::Module& network, const torch::Tensor& logits,
                           const std::vector<std::int64_t>& targets) {
  expect_class_scores(logits, network);
  const auto probabilities = torch::softmax(logits.detach().to(torch::kCPU, torch::kFloat64), 1).squeeze(0).contiguous();
  const std::int64_t classes = probabilities.size(0);
  for (const std::int64_t target : targets) {
    if (target >= 0 && target < classes) continue;
    throw InputError("class", "a class below " + std::to_string(classes), std::to_string(target));
  }
  Explanation explanation;
  explanation.probabilities.assign(probabilities.data_ptr<double>(), probabilities.data_ptr<double>() + classes);
  explanation.predicted = probabilities.argmax().item<std::int64_t>();
  explanation.explained = targets.empty() ? std::vector{explanation.predicted} : targets;
  return explanation;
}

Explanation explain_by_attention(Classifier& classifier, const Batch& batch, const LayerFilter& wanted,
                                 const std::vector<std::int64_t>& targets) {
  expect_one_image(batch);
  const torch::NoGradGuard no_grad;
  AttentionRecorder recorder(classifier);
  ForwardContext context;
  context.hooks = &recorder;
  const ModelOutput output = classifier.classify(batch, context);
  Explanation explanation = explanation_of(classifier, output.logits, targets);
  if (output.trajectory) return explanation;  // maps of glimpses do not cover the image
  for (const AttentionMap& map : recorder.maps) {
    if (!wanted(map.layer)) continue;
    const auto theta = map.theta.defined() ? map.theta[0].to(torch::kCPU, torch::kFloat64) : torch::Tensor();
    if (auto values = visible_values(map, 0)) explanation.maps.push_back({map.layer, map.meaning, *values, theta});
  }
  return explanation;
}

}  // namespace fovea
