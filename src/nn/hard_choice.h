#pragma once

#include <cstdint>
#include <vector>

#include <torch/torch.h>

#include <fovea/base/random.h>

namespace fovea {

/// Hard choices that one module made in a forward pass: in each of G groups (heads, queries) k of L elements (positions,
/// tokens), without replacement.
struct HardChoices {
  const torch::nn::Module* module = nullptr;  ///< the module that chose; see ModuleNames
  torch::Tensor probabilities;     ///< [N, G, L], the policy: sum 1 over L, 0 for what cannot be chosen; no gradient
  torch::Tensor chosen;            ///< int64 [N, G, k], in the order of the draws
  std::vector<std::int64_t> grid;  ///< {height, width} of the last elements, row by row; empty for tokens alone
  torch::Tensor log_probs;         ///< [N], see draw_log_probs(), with gradient; undefined unless drawn from the policy
};

/// Draws k elements of each row without replacement, each with a probability proportional to exp(score) among those that are
/// left: the k largest scores plus Gumbel noise, "Stochastic Beams and Where to Find Them", arXiv:1903.06059.
/// @param scores [..., L]. @return int64 [..., k], in the order of the draws.
torch::Tensor draw_elements(const torch::Tensor& scores, std::int64_t k, RandomStream stream);

/// Logarithm of the probability of such draws in their order (Plackett-Luce). @param scores [..., L], with gradient.
/// @param chosen int64 [..., k]. @return [...].
torch::Tensor draw_log_probs(const torch::Tensor& scores, const torch::Tensor& chosen);

/// The k elements of a grid of `height` x `width` positions that are nearest to its centre, int64 [k], nearest first; the
/// first of those that are equally far.
torch::Tensor central_elements(std::int64_t height, std::int64_t width, std::int64_t k);

/// 1 / k at the chosen elements, 0 elsewhere. @param chosen int64 [..., k]. @return [..., elements].
torch::Tensor weights_of_chosen(const torch::Tensor& chosen, std::int64_t elements, const torch::TensorOptions& options);

/// Mean of the chosen vectors, which alone are read. @param values [N, heads, L, d]. @param chosen int64 [N, heads, Q, k].
/// @return [N, heads, Q, d].
torch::Tensor mean_of_chosen(const torch::Tensor& values, const torch::Tensor& chosen);

}  // namespace fovea
