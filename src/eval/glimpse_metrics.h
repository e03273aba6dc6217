#pragma once

#include <cstdint>
#include <vector>

#include <fovea/eval/box_hits.h>
#include <fovea/eval/running_moments.h>
#include <fovea/nn/batch.h>
#include <fovea/nn/classifier.h>

namespace fovea {

/// Below this spread, in units of [-1, 1], a location is the same for every image: less than a pixel of 64.
inline constexpr double kCollapsedSpread = 0.02;

/// Measures how a glimpse network looks at images. Sums are over images, in memory that does not grow with their number.
class GlimpseMetrics {
 public:
  /// @param trajectory of a pass in evaluation mode with one rollout per image, every time of as many glimpses.
  /// @throws ShapeError when it is not one of the batch.
  void add(const GlimpseTrajectory& trajectory, const Batch& batch);
  /// Adds the measurements of other images.
  void add(const GlimpseMetrics& other);

  std::int64_t images() const { return images_; }
  std::int64_t glimpses() const { return static_cast<std::int64_t>(steps_.size()); }  ///< T; 0 without images

  /// [T] share of images whose class is right after each step.
  std::vector<double> top1_per_step() const;
  /// [T] standard deviation of the location over images, in units of [-1, 1]: mean of that of x and that of y.
  std::vector<double> location_spread() const;
  /// Whether all locations that the network chose are the same for every image (see kCollapsedSpread): its accuracy is not
  /// one of choosing. Never of a single image, nor of a single glimpse, which is not chosen. Says nothing of a network whose
  /// first glimpse goes anywhere: the others may follow from that alone.
  bool collapsed() const;

  /// Sensor values / pixels of the image, its channels counted in neither; can exceed 1. Mean over images.
  double pixels_read_fraction() const { return read_.mean(); }
  /// Share of the image's area that lies in a window of any scale at any step. Mean over images.
  double pixels_touched_fraction() const { return touched_.mean(); }

  /// Of the images with a known box.
  const BoxHits& box_hits() const { return box_hits_; }

 private:
  struct Step {
    std::int64_t correct = 0;
    RunningMoments x, y;
  };

  void expect_glimpses(std::int64_t count) const;

  std::int64_t images_ = 0;
  std::vector<Step> steps_;
  RunningMoments read_, touched_;  ///< share of each image
  BoxHits box_hits_;
};

}  // namespace fovea
