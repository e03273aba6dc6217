#pragma once

#include <fovea/image/image.h>
#include <fovea/run/experiment.h>
#include <fovea/run/experiment_data.h>

namespace fovea {

/// Some training images, one in a row: as it is, and as the network meets it in the first epochs (but that mixup and cutmix
/// take their partners from the rows).
Image preview(ExperimentData& data);
/// @param warn is told of images that cannot be read.
Image preview(const Experiment& experiment, const Warn& warn = {});

}  // namespace fovea
