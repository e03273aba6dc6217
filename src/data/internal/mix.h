#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <fovea/base/random.h>
#include <fovea/data/augment.h>
#include <fovea/image/image.h>

namespace fovea {

/// Labels of a mixed batch: image n has the weight `lambda[n]` of its own label and 1 - `lambda[n]` of `other[n]`.
struct MixedLabels {
  std::vector<std::int64_t> other;  ///< the own label of an image that was not mixed
  std::vector<double> lambda;       ///< in [0.5, 1]; 1 for an image that was not mixed
};

/// Applies mixup or cutmix to a batch: to each image one of them or none, with another unmixed image of the batch as the
/// partner. Draws come from the streams only, so the result depends on the batch and its keys.
/// @param images of one size. @param labels, streams one per image; each sample's stream as in AugmentOptions.
/// @return None when mixing is off or the batch has one image only.
/// @throws InputError when two images to be mixed differ in size.
std::optional<MixedLabels> mix_batch(const AugmentOptions& augment, std::vector<Image>& images,
                                     const std::vector<std::int64_t>& labels, const std::vector<RandomStream>& streams);

}  // namespace fovea
