#pragma once

#include <cstdint>

#include <torch/torch.h>

#include <fovea/base/random.h>

namespace fovea {

/// Drop path, "Deep Networks with Stochastic Depth", arXiv:1603.09382: residual branches are dropped at random in training,
/// deep ones more often. Differs from the paper: branches are dropped per image (torchvision's mode "row", timm's drop path)
/// instead of per batch, a kept branch is scaled by 1 / (1 - probability) in training instead of by 1 - probability in
/// evaluation, and a dropped branch is still computed.
///
/// Mask [N, 1, ...] for the branches of N images; see dropout_mask(). @param branch [N, ...], e.g. [N, C, H, W].
torch::Tensor drop_path_mask(const torch::Tensor& branch, double probability, const RandomStream& stream);

/// Mask of a block's branch in a forward pass, drawn from the child `stochastic_depth` of `stream`; undefined, which drops
/// no branch, in evaluation mode and with a probability of 0. @param stream of the block.
torch::Tensor drop_path_mask(const torch::nn::Module& block, const torch::Tensor& branch, double probability,
                             const RandomStream& stream);

/// Drop probability of branch `number` of `count`, the paper's linear decay: number / count * last. The input counts as
/// branch 0, so the first branch has a probability above 0 and the last one has `last`. In timm, and in torchvision's
/// ConvNeXt and Swin, the first branch has 0: (number - 1) / (count - 1) * last; torchvision's EfficientNet has (number - 1)
/// / count * last. @param number from 1 to count. @param last in [0, 1).
double stochastic_depth_probability(std::int64_t number, std::int64_t count, double last);

}  // namespace fovea
