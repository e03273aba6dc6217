#pragma once

#include <cstdint>
#include <vector>

#include <fovea/explain/method.h>

namespace fovea {

/// "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", arXiv:1610.02391, equations 1 and 2
/// without the final ReLU: sum over channels of (mean of the gradient over the positions) x activation.
/// @param activations [N, C, H, W] of a layer. @param gradients same shape, of the logit of the class.
/// @return [N, H, W].
torch::Tensor grad_cam(const torch::Tensor& activations, const torch::Tensor& gradients);

/// Grad-CAM with ReLU, as in the paper, of every wanted layer that hooks its features. See MethodRow::explain.
Explanation explain_by_grad_cam(Classifier& classifier, const Batch& batch, const LayerFilter& wanted,
                                const std::vector<std::int64_t>& targets);

}  // namespace fovea
