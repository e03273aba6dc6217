#pragma once

#include <cstdint>
#include <vector>

#include <fovea/attention/registry.h>

namespace fovea {

/// Cost of a mechanism for features of one shape.
struct BlockProfile {
  FeatureShape in;
  std::int64_t parameters = 0;
  std::int64_t macs = 0;  ///< multiply-adds for one image
};

/// `wanted` with height and width rounded up to a multiple of the mechanism's `size_multiple`.
FeatureShape fitting_shape(const MechanismRow& row, const Options& options, const FeatureShape& wanted);

/// A mechanism with its default options at its default insertion point, for features of fitting_shape().
/// @param seed of its weights. @throws InputError when it does not fit this number of channels.
BuiltMechanism build_block(const MechanismRow& row, const FeatureShape& wanted, std::uint64_t seed);

/// Cost of build_block(). @throws InputError likewise.
BlockProfile profile_block(const MechanismRow& row, const FeatureShape& wanted);

}  // namespace fovea
