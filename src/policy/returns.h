#pragma once

#include <torch/torch.h>

namespace fovea {

/// What a hard choice is rewarded for.
enum class Reward {
  correct,     ///< 1 when the class at the end is right, else 0: the same for every choice
  confidence,  ///< how much the probability of the true class rises from the choice to the end
};

/// The return of every choice, without gradient. @param logits [R, T, K], after each of T steps. @param labels int64 [R].
/// @return [R, T - 1], see GlimpseTrajectory.
torch::Tensor choice_returns(Reward reward, const torch::Tensor& logits, const torch::Tensor& labels);

}  // namespace fovea
