#include <fovea/attention/families.h>
#include <fovea/attention/spatial/bam.h>
#include <fovea/attention/spatial/cbam.h>
#include <fovea/attention/spatial/concurrent_squeeze_excitation.h>
#include <fovea/attention/spatial/coordinate_attention.h>
#include <fovea/attention/spatial/efficient_local_attention.h>
#include <fovea/attention/spatial/large_kernel_attention.h>
#include <fovea/attention/spatial/light_cbam.h>
#include <fovea/attention/spatial/residual_attention.h>
#include <fovea/attention/spatial/simple_coordinate_attention.h>
#include <fovea/attention/spatial/strip_attention.h>
#include <fovea/attention/spatial/triplet_attention.h>

namespace fovea {

std::vector<MechanismRow> spatial_mechanisms() {
  const Traits both{{Where::location, Where::item}, {Selects::soft}, {Query::self}, {Axis::channel, Axis::spatial}};
  return {
      {"cbam", "channels, then positions, each by mean and maximum", "CBAM: Convolutional Block Attention Module",
       "1807.06521", both, make_options<CbamOptions>, gate_of_channels<CbamImpl, CbamOptions>()},
      {"lcbam", "CBAM that averages mean and maximum first", "CBAM: Convolutional Block Attention Module", "1807.06521",
       both, make_options<LightCbamOptions>, gate_of_channels<LightCbamImpl, LightCbamOptions>()},
      {"bam", "channels and positions in parallel, one gate from both", "BAM: Bottleneck Attention Module", "1807.06514",
       both, make_options<BamOptions>, gate_of_channels<BamImpl, BamOptions>()},
      {"scse", "the sum of a channel gate and a spatial gate",
       "Concurrent Spatial and Channel Squeeze & Excitation in Fully Convolutional Networks", "1803.02579", both,
       make_options<ConcurrentSqueezeExcitationOptions>,
       gate_of_channels<ConcurrentSqueezeExcitationImpl, ConcurrentSqueezeExcitationOptions>()},
      {"coord", "a gate for rows and one for columns, from their means",
       "Coordinate Attention for Efficient Mobile Network Design", "2103.02907", both,
       make_options<CoordinateAttentionOptions>, gate_of_channels<CoordinateAttentionImpl, CoordinateAttentionOptions>()},
      {"scoord", "coordinate attention reduced to three linear layers",
       "Coordinate Attention for Efficient Mobile Network Design", "2103.02907", both,
       make_options<SimpleCoordinateAttentionOptions>,
       gate_of_channels<SimpleCoordinateAttentionImpl, SimpleCoordinateAttentionOptions>()},
      {"ela", "rows and columns, each by a one-dimensional convolution",
       "ELA: Efficient Local Attention for Deep Convolutional Neural Networks", "2403.01123", both,
       make_options<EfficientLocalAttentionOptions>,
       gate_of_channels<EfficientLocalAttentionImpl, EfficientLocalAttentionOptions>()},
      {"strip", "rows and columns, each by a strip convolution",
       "Strip Pooling: Rethinking Spatial Pooling for Scene Parsing", "2003.13328", both,
       make_options<StripAttentionOptions>, gate_of_channels<StripAttentionImpl, StripAttentionOptions>()},
      {"triplet", "three gates, each across two of channels, rows and columns",
       "Rotate to Attend: Convolutional Triplet Attention Module", "2010.03045", both, make_options<TripletAttentionOptions>,
       gate_of_channels<TripletAttentionImpl, TripletAttentionOptions>()},
      {"lka", "a large depthwise kernel in three small steps is the gate", "Visual Attention Network", "2202.09741", both,
       make_options<LargeKernelAttentionOptions>, gate_of_channels<LargeKernelAttentionImpl, LargeKernelAttentionOptions>()},
      {"residual_attention", "a bottom-up top-down mask branch, x (1 + mask)",
       "Residual Attention Network for Image Classification", "1704.06904", both, make_options<ResidualAttentionOptions>,
       gate_of_channels<ResidualAttentionImpl, ResidualAttentionOptions>()},
  };
}

}  // namespace fovea
