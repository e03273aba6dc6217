#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <fovea/base/random.h>
#include <fovea/data/augment.h>
#include <fovea/image/image.h>

namespace fovea {

/// What a batch of mixed pictures shows: picture n is `own_share[n]` of its own label and the rest of `other[n]`.
struct MixedLabels {
  std::vector<std::int64_t> other;  ///< a picture that was not mixed has its own label here
  std::vector<double> own_share;    ///< in [0.5, 1]; 1 where nothing was mixed
};

/// Mixes pictures of a batch as `augment` says (mixup, cutmix): each by one augmentation or none, with the picture that
/// another one of the batch was before. Draws come from the streams only, so the result depends on the batch and its keys.
/// @param images of one size. @param labels, streams one per image; each sample's stream as in AugmentOptions.
/// @return nothing when nothing can be mixed: no augmentation does, or there is one image only.
/// @throws InputError when two images to be mixed differ in size.
std::optional<MixedLabels> mix_batch(const AugmentOptions& augment, std::vector<Image>& images,
                                     const std::vector<std::int64_t>& labels, const std::vector<RandomStream>& streams);

}  // namespace fovea
