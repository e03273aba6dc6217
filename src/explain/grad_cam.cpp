#include <fovea/explain/grad_cam.h>
#include <fovea/explain/own_attention.h>

namespace fovea {
namespace {

/// Hooks that record the features of wanted layers as tensors that require gradients.
class FeatureHooks final : public ForwardHooks {
 public:
  FeatureHooks(const torch::nn::Module& root, const LayerFilter& wanted) : names_(root), wanted_(wanted) {}

  torch::Tensor on_tensor(const torch::nn::Module& module, const HookedTensor& about, const torch::Tensor& tensor) override {
    const bool is_plane = about.kind == MapKind::features && tensor.dim() == 4;
    if (!is_plane || !wanted_(names_.of(module))) return tensor;
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
  ModuleNames names_;
  const LayerFilter& wanted_;
};

}  // namespace

torch::Tensor grad_cam(const torch::Tensor& activations, const torch::Tensor& gradients) {
  const auto weights = gradients.mean({2, 3}, /*keepdim=*/true);  // [N, C, 1, 1]
  return (weights * activations).sum(1);
}

Explanation explain_by_grad_cam(Classifier& classifier, const Batch& batch, const LayerFilter& wanted,
                                std::optional<std::int64_t> target) {
  expect_one_image(batch);
  const torch::AutoGradMode with_gradients(true);
  FeatureHooks hooks(classifier, wanted);
  ForwardContext context;
  context.hooks = &hooks;
  const ModelOutput output = classifier.classify(batch, context);
  const torch::Tensor& logits = output.logits;
  Explanation explanation = explanation_of(logits, target);
  if (output.trajectory) return explanation;                                  // features of glimpses do not cover the image
  if (hooks.features.empty() || !logits.requires_grad()) return explanation;  // the logit depends on none of them

  const auto gradients = torch::autograd::grad({logits[0][explanation.explained]}, hooks.features, /*grad_outputs=*/{},
                                               /*retain_graph=*/false, /*create_graph=*/false, /*allow_unused=*/true);
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    if (!gradients[i].defined()) continue;  // the logit does not depend on this layer
    const auto map = torch::relu(grad_cam(hooks.features[i].detach(), gradients[i]))[0];
    const auto theta = hooks.thetas[i].defined() ? hooks.thetas[i][0].to(torch::kCPU, torch::kFloat64) : torch::Tensor();
    explanation.maps.push_back({hooks.names[i], Meaning::none, map.to(torch::kCPU, torch::kFloat32), theta});
  }
  return explanation;
}

}  // namespace fovea
