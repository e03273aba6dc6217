#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/base/random.h>

namespace fovea {

/// "Deep Networks with Stochastic Depth", arXiv:1603.09382: in training, residual branches are left out at random, deep ones
/// more often. Differs from the paper: each image of a batch draws for itself (torchvision's mode "row", timm's drop path)
/// instead of the whole batch at once, a kept branch is scaled by 1 / (1 - probability) in training instead of by
/// 1 - probability in evaluation, and the branch is computed also where it is left out.
///
/// Factors [N, 1, ...] for the branches of N images; see keep_factors(). @param branch [N, ...], e.g. [N, C, H, W].
torch::Tensor stochastic_depth_factors(const torch::Tensor& branch, double probability, const RandomStream& stream);

/// What a block multiplies its branch with in a forward pass: in training, with a probability above 0, the factors above,
/// drawn from the child `stochastic_depth` of `stream`; else an undefined tensor: all of the branch is kept.
/// @param stream the block's own.
torch::Tensor branch_keep_factors(const torch::nn::Module& block, const torch::Tensor& branch, double probability,
                                  const RandomStream& stream);

/// The probability of leaving out branch `number` of `count`, the paper's linear decay: number / count * last. The input
/// counts as branch 0, so that the first branch may already be left out and the last one is with probability `last`. timm
/// starts at 0 with the first branch, (number - 1) / (count - 1) * last; torchvision does so in ConvNeXt and Swin, and has
/// (number - 1) / count * last in EfficientNet. @param number from 1 to count. @param last in [0, 1).
double stochastic_depth_probability(std::int64_t number, std::int64_t count, double last);

}  // namespace fovea
