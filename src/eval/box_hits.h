#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <torch/torch.h>

#include <fovea/eval/fraction.h>

namespace fovea {

/// Counts of fixations inside the box of the labelled object.
class BoxHits {
 public:
  /// Adds N images. @param locations [N, T, 2], of one rollout per image; see GlimpseTrajectory. @param boxes [N, 4]; see
  /// Batch.
  void add(const torch::Tensor& locations, const torch::Tensor& boxes);
  /// Adds the counts of other images with the same number of glimpses.
  void add(const BoxHits& other);

  std::int64_t images() const { return never_.total; }
  /// Fraction of the images whose fixation is in the box, at each of the T steps.
  const std::vector<Fraction>& steps() const { return steps_; }
  /// Fraction of all fixations that are in the box.
  Fraction glimpses() const;
  /// Fraction of the images without a fixation in the box.
  Fraction never() const { return never_; }
  /// Number, from 1, of the first step in the box; mean over the images that have one. None when no image has one.
  std::optional<double> first_step() const;

 private:
  std::vector<Fraction> steps_;
  Fraction never_;
  std::int64_t first_steps_ = 0;  ///< sum over the images that have one
};

}  // namespace fovea
