#include <fovea/explain/grad_cam.h>
#include <fovea/explain/own_attention.h>

namespace fovea {
namespace {

/// Hooks that record the features of wanted layers as tensors that require gradients.
class FeatureHooks final : public ForwardHooks {
 public:
  FeatureHooks(const torch::nn::Module& root, const LayerFilter& wanted) : names_(root), wanted_(wanted) {}

  torch::Tensor on_tensor(const torch::nn::Module& module, const HookedTensor& about, const torch::Tensor& tensor) override {
    if (tensor.dim() != 4 || !is_shown(about.kind) || !wanted_(names_.of(module))) return tensor;
    // The graph begins at the first wanted layer; the later ones depend on it.
    const torch::Tensor watched = tensor.requires_grad() ? tensor : tensor.detach().requires_grad_();
    names.push_back(names_.of(module));
    thetas.push_back(about.theta);
    features.push_back(watched);
    return watched;
  }

  std::vector<std::string> names;
  std::vector<torch::Tensor> thetas;
  std::vector<torch::Tensor> features;

 private:
  bool is_shown(MapKind kind) const {
    return kind == MapKind::features || (kind == MapKind::layer && wanted_.depth() == LayerFilter::Depth::any);
  }

  ModuleNames names_;
  const LayerFilter& wanted_;
};

}  // namespace

torch::Tensor grad_cam(const torch::Tensor& activations, const torch::Tensor& gradients) {
  const auto weights = gradients.mean({2, 3}, /*keepdim=*/true);  // [N, C, 1, 1]
  return (weights * activations).sum(1);
}

Explanation explain_by_grad_cam(Classifier& classifier, const Batch& batch, const LayerFilter& wanted,
                                const std::vector<std::int64_t>& targets) {
  expect_one_image(batch);
  const torch::AutoGradMode with_gradients(true);
  FeatureHooks hooks(classifier, wanted);
  ForwardContext context;
  context.hooks = &hooks;
  const ModelOutput output = classifier.classify(batch, context);
  const torch::Tensor& logits = output.logits;
  Explanation explanation = explanation_of(classifier, logits, targets);
  if (output.trajectory) return explanation;                                  // features of glimpses do not cover the image
  if (hooks.features.empty() || !logits.requires_grad()) return explanation;  // the logit depends on none of them

  const std::size_t layers = hooks.features.size();
  std::vector<std::vector<torch::Tensor>> gradients;  // of each class, by layer
  for (const std::int64_t label : explanation.explained) {
    const bool is_last = gradients.size() + 1 == explanation.explained.size();
    gradients.push_back(torch::autograd::grad({logits[0][label]}, hooks.features, /*grad_outputs=*/{},
                                              /*retain_graph=*/!is_last, /*create_graph=*/false, /*allow_unused=*/true));
  }
  const torch::NoGradGuard no_grad;
  for (std::size_t layer = 0; layer < layers; ++layer) {
    const torch::Tensor features = hooks.features[layer].detach();
    const torch::Tensor& theta = hooks.thetas[layer];
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const torch::Tensor& gradient = gradients[i][layer];
      if (!gradient.defined()) continue;  // the logit does not depend on this layer
      const auto map = torch::relu(grad_cam(features, gradient))[0].to(torch::kCPU, torch::kFloat32);
      explanation.maps.push_back({hooks.names[layer], Meaning::none, map,
                                  theta.defined() ? theta[0].to(torch::kCPU, torch::kFloat64) : torch::Tensor(),
                                  explanation.explained[i]});
    }
  }
  return explanation;
}

}  // namespace fovea
