#pragma once

#include <fovea/image/image.h>
#include <fovea/run/experiment.h>
#include <fovea/run/experiment_data.h>

namespace fovea {

/// Contact sheet of some training images, one per row: the original, then its augmented version in each of the first epochs.
/// Mixup and cutmix take their partners from the same images.
Image preview(ExperimentData& data);
/// @param warn is called for each image that cannot be read.
Image preview(const Experiment& experiment, const Warn& warn = {});

}  // namespace fovea
