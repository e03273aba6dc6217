#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>

namespace fovea {

// Affine maps theta [N, 2, 3] from (x, y, 1) of an output to (x, y) of what it is sampled from; x to the right, y down,
// both in [-1, 1]. Between what: the outer edges of the image, or with align_corners the centres of its outer positions.

/// Where every position of an output looks: [N, height, width, 2] (x, y).
torch::Tensor sampling_grid(const torch::Tensor& theta, std::int64_t height, std::int64_t width, bool align_corners);

/// Bilinear samples, zeros outside. @param features [N, C, H, W]. @param grid as sampling_grid() gives it, [N, h, w, 2].
/// @return [N, C, h, w].
torch::Tensor sample_bilinear(const torch::Tensor& features, const torch::Tensor& grid, bool align_corners);

/// Factors [2, 3] that turn a theta between centres of outer positions into the same map between outer edges. An axis of one
/// position, whose centres have no distance, is left as it is.
torch::Tensor corners_to_edges(const FeatureShape& in, const FeatureShape& out, const torch::TensorOptions& options);

/// First `inner`, then `outer`: [N, 2, 3] each. An undefined `outer` changes nothing.
torch::Tensor compose_affine(const torch::Tensor& outer, const torch::Tensor& inner);

}  // namespace fovea
