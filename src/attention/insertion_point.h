#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fovea {

/// The kinds of insertion points that backbones have.
enum class InsertionKind {
  input,  ///< before the first layer: a warp
  block,  ///< at the end of a residual block, before the sum: a gate
  conv,   ///< in place of a block's spatial convolution: a mixer
  stage,  ///< behind a stage: a gate or a warp
  pool,   ///< in place of global average pooling: a pool
};

const char* to_string(InsertionKind kind);

/// Shape of one image's feature map.
struct FeatureShape {
  std::int64_t channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
};

/// Insertion point of one attention layer, as the network describes it to an AttentionFactory.
struct InsertionPoint {
  InsertionKind kind = InsertionKind::block;
  std::int64_t stage = 0;  ///< 1, 2, ... as in layer1, layer2; 0 at the input and the pool
  FeatureShape in;         ///< shape of the input
  std::int64_t out_channels = 0;
  std::int64_t stride = 1;
  std::string path = {};                  ///< path at which the network registers the layer, e.g. "layer1.0.se"
  std::vector<FeatureShape> stages = {};  ///< pool: outputs of all stages, for pools that read several
  std::int64_t query_features = 0;        ///< pool: length of the query from the network; 0 = the pool has its own
  std::int64_t num_classes = 0;           ///< of the network, for attention with an auxiliary classifier; 0 = unknown
};

/// @return the point. @throws InputError `<where>: channels: expected an integer >= 1, got ...` unless in.channels is
/// positive.
InsertionPoint expect_channels(InsertionPoint point, const std::string& where);

/// expect_channels() for a mixer, whose output channels and stride have to be positive too.
InsertionPoint expect_mixer_channels(InsertionPoint point, const std::string& where);

/// @return the point, for a layer that is built for one input height and width. @throws InputError unless both are positive.
InsertionPoint expect_size(InsertionPoint point, const std::string& where);

}  // namespace fovea
