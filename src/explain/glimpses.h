#pragma once

#include <cstdint>
#include <optional>

#include <fovea/explain/method.h>

namespace fovea {

/// What the one layer of a glimpse network that this method shows is called.
inline constexpr const char* kGlimpsesLayer = "glimpses";

/// "Recurrent Models of Visual Attention", arXiv:1406.6247: where a network with hard attention looked in turn, with the
/// mean choices of its policy. A network without glimpses has nothing to show. See MethodRow::explain.
/// @throws InputError for a network in training mode.
Explanation explain_by_glimpses(Classifier& classifier, const Batch& batch, const LayerFilter& wanted,
                                std::optional<std::int64_t> target);

}  // namespace fovea
