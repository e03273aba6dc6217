#pragma once

#include <cstdint>
#include <vector>

#include <fovea/attention/registry.h>

namespace fovea {

/// What a mechanism costs where features of one shape arrive.
struct BlockProfile {
  FeatureShape in;
  std::int64_t parameters = 0;
  std::int64_t macs = 0;  ///< multiply-adds for one image
};

/// `wanted` with height and width raised to the next multiple that the mechanism asks for.
FeatureShape fitting_shape(const MechanismRow& row, const Options& options, const FeatureShape& wanted);

/// A mechanism with its default options, alone at its default insertion point, where features of the fitting shape arrive.
/// @param seed of its weights. @throws InputError when it does not go with so many channels.
BuiltMechanism build_block(const MechanismRow& row, const FeatureShape& wanted, std::uint64_t seed);

/// @throws InputError as build_block().
BlockProfile profile_block(const MechanismRow& row, const FeatureShape& wanted);

}  // namespace fovea
