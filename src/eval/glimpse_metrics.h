#pragma once

#include <cstdint>
#include <vector>

#include <fovea/eval/box_hits.h>
#include <fovea/eval/running_moments.h>
#include <fovea/nn/batch.h>
#include <fovea/nn/classifier.h>

namespace fovea {

/// Spread, in units of [-1, 1], below which a location counts as the same for every image: less than a pixel of 64.
inline constexpr double kCollapsedSpread = 0.02;

/// Metrics of a glimpse network's fixations. Sums over images; the memory does not grow with their number.
class GlimpseMetrics {
 public:
  /// Adds a batch. @param trajectory of a pass in evaluation mode with one rollout per image and the same number of glimpses
  /// in every call. @throws ShapeError when it does not fit the batch.
  void add(const GlimpseTrajectory& trajectory, const Batch& batch);
  /// Adds the metrics of other images.
  void add(const GlimpseMetrics& other);

  std::int64_t images() const { return images_; }
  std::int64_t glimpses() const { return static_cast<std::int64_t>(steps_.size()); }  ///< T; 0 without images

  /// [T] top-1 after each step.
  std::vector<double> top1_per_step() const;
  /// [T] standard deviation of the location over images, in units of [-1, 1]; mean over x and y.
  std::vector<double> location_spread() const;
  /// True when all chosen locations are the same for every image (see kCollapsedSpread). False for a single image and for a
  /// single glimpse. Not informative for a network with a random first location, which may decide the others.
  bool collapsed() const;

  /// Sensor values over pixels of the image, without channels; can exceed 1. Mean over images.
  double pixels_read_fraction() const { return read_.mean(); }
  /// Fraction of the image's area inside a window of any scale at any step. Mean over images.
  double pixels_touched_fraction() const { return touched_.mean(); }

  /// Hits in the box, over the images with a known box.
  const BoxHits& box_hits() const { return box_hits_; }

 private:
  struct Step {
    std::int64_t correct = 0;
    RunningMoments x, y;
  };

  void expect_glimpses(std::int64_t count) const;

  std::int64_t images_ = 0;
  std::vector<Step> steps_;
  RunningMoments read_, touched_;  ///< fraction per image
  BoxHits box_hits_;
};

}  // namespace fovea
