#pragma once

#include <torch/torch.h>

namespace fovea {

/// Reward of a hard choice.
enum class Reward {
  correct,           ///< 1 when the predicted class at the end is correct, else 0; the same for every choice
  probability_gain,  ///< dense reward: increase of the true class's probability from the choice to the end; see
                     ///< final_returns()
};

/// Return of every choice, without gradient. @param logits [R, T, K], after each of T steps. @param labels int64 [R].
/// @return [R, T - 1], see GlimpseTrajectory.
torch::Tensor choice_returns(Reward reward, const torch::Tensor& logits, const torch::Tensor& labels);

/// The same for choices before which nothing is predicted: 1 or 0, or the true class's probability. @param logits [R, K] at
/// the end. @return [R, 1].
torch::Tensor final_returns(Reward reward, const torch::Tensor& logits, const torch::Tensor& labels);

}  // namespace fovea
