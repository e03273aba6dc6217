#pragma once

#include <cstdint>
#include <vector>

#include <fovea/explain/method.h>

namespace fovea {

/// Name of the layer of a glimpse network that this method shows.
inline constexpr const char* kGlimpsesLayer = "glimpses";

/// "Recurrent Models of Visual Attention", arXiv:1406.6247: the fixations of a network with hard attention, with the
/// means of its policy. The explanation of a network without glimpses has no maps. See MethodRow::explain.
/// @throws InputError for a network in training mode.
Explanation explain_by_glimpses(Classifier& classifier, const Batch& batch, const LayerFilter& wanted,
                                const std::vector<std::int64_t>& targets);

}  // namespace fovea
