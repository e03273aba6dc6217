#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/base/random.h>

namespace fovea {

/// Drop path, "Deep Networks with Stochastic Depth", arXiv:1603.09382: residual branches are dropped at random in training,
/// deep ones more often. Differs from the paper: each image of a batch draws for itself (torchvision's mode "row", timm's
/// drop path) instead of the whole batch at once, a kept branch is scaled by 1 / (1 - probability) in training instead of by
/// 1 - probability in evaluation, and a dropped branch is computed too.
///
/// Mask [N, 1, ...] for the branches of N images; see dropout_mask(). @param branch [N, ...], e.g. [N, C, H, W].
torch::Tensor drop_path_mask(const torch::Tensor& branch, double probability, const RandomStream& stream);

/// Mask of a block's branch in a forward pass, drawn from the child `stochastic_depth` of `stream`; undefined in evaluation
/// mode and with a probability of 0, where no branch is dropped. @param stream of the block.
torch::Tensor drop_path_mask(const torch::nn::Module& block, const torch::Tensor& branch, double probability,
                             const RandomStream& stream);

/// Drop probability of branch `number` of `count`, the paper's linear decay: number / count * last. The input counts as
/// branch 0, so that the first branch has a probability above 0 and the last one has `last`. timm
/// starts at 0 with the first branch, (number - 1) / (count - 1) * last; torchvision does so in ConvNeXt and Swin, and has
/// (number - 1) / count * last in EfficientNet. @param number from 1 to count. @param last in [0, 1).
double stochastic_depth_probability(std::int64_t number, std::int64_t count, double last);

}  // namespace fovea
