#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>

namespace fovea {

// Affine transforms theta [N, 2, 3] from (x, y, 1) of an output to (x, y) of the input that it is sampled from, both in
// normalised coordinates (see GlimpseTrajectory) or, with align_corners, in [-1, 1] between the centres of outer positions.

/// Sampling coordinates of every position of an output: [N, height, width, 2] (x, y).
torch::Tensor sampling_grid(const torch::Tensor& theta, std::int64_t height, std::int64_t width, bool align_corners);

/// Bilinear samples, zeros outside. @param features [N, C, H, W]. @param grid as sampling_grid() gives it, [N, h, w, 2].
/// @return [N, C, h, w].
torch::Tensor sample_bilinear(const torch::Tensor& features, const torch::Tensor& grid, bool align_corners);

/// Factors [2, 3] that convert a theta of align_corners=True to the same transform with align_corners=False. An axis of one
/// position has a factor of 1.
torch::Tensor corners_to_edges(const FeatureShape& in, const FeatureShape& out, const torch::TensorOptions& options);

/// Composition of affine transforms, first `inner`, then `outer`: [N, 2, 3] each. An undefined `outer` is the identity.
torch::Tensor compose_affine(const torch::Tensor& outer, const torch::Tensor& inner);

}  // namespace fovea
