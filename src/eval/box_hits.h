#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <torch/torch.h>

#include <fovea/eval/share.h>

namespace fovea {

/// Counts glimpses whose centre lies in the box of what an image is labelled for.
class BoxHits {
 public:
  /// @param locations [N, T, 2], of one rollout per image; see GlimpseTrajectory. @param boxes [N, 4]; see Batch.
  void add(const torch::Tensor& locations, const torch::Tensor& boxes);
  /// Adds the counts of other images, with as many glimpses.
  void add(const BoxHits& other);

  std::int64_t images() const { return never_.of; }
  /// Of the images, those that were looked at in their box at each of the T steps.
  const std::vector<Share>& steps() const { return steps_; }
  /// Of all glimpses, those in the box.
  Share glimpses() const;
  /// Of the images, those without a glimpse in the box.
  Share never() const { return never_; }
  /// The number, from 1, of the first step in the box: its mean over the images that have one. Nothing when none has.
  std::optional<double> first_step() const;

 private:
  std::vector<Share> steps_;
  Share never_;
  std::int64_t first_steps_ = 0;  ///< sum over the images that have one
};

}  // namespace fovea
