#include <fovea/attention/internal/families.h>
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
      {.name = "cbam",
       .summary = "channels, then positions, each by mean and maximum",
       .title = "CBAM: Convolutional Block Attention Module",
       .arxiv = "1807.06521",
       .traits = both,
       .make_options = make_options<CbamOptions>,
       .build = gate_of_channels<CbamImpl, CbamOptions>()},
      {.name = "lcbam",
       .summary = "CBAM that averages mean and maximum first",
       .title = "CBAM: Convolutional Block Attention Module",
       .arxiv = "1807.06521",
       .traits = both,
       .make_options = make_options<LightCbamOptions>,
       .build = gate_of_channels<LightCbamImpl, LightCbamOptions>()},
      {.name = "bam",
       .summary = "channels and positions in parallel, one gate from both",
       .title = "BAM: Bottleneck Attention Module",
       .arxiv = "1807.06514",
       .traits = both,
       .make_options = make_options<BamOptions>,
       .build = gate_of_channels<BamImpl, BamOptions>()},
      {.name = "scse",
       .summary = "the sum of a channel gate and a spatial gate",
       .title = "Concurrent Spatial and Channel Squeeze & Excitation in Fully Convolutional Networks",
       .arxiv = "1803.02579",
       .traits = both,
       .make_options = make_options<ConcurrentSqueezeExcitationOptions>,
       .build = gate_of_channels<ConcurrentSqueezeExcitationImpl, ConcurrentSqueezeExcitationOptions>()},
      {.name = "coord",
       .summary = "a gate for rows and one for columns, from their means",
       .title = "Coordinate Attention for Efficient Mobile Network Design",
       .arxiv = "2103.02907",
       .traits = both,
       .make_options = make_options<CoordinateAttentionOptions>,
       .build = gate_of_channels<CoordinateAttentionImpl, CoordinateAttentionOptions>()},
      {.name = "scoord",
       .summary = "coordinate attention reduced to three linear layers",
       .title = "Coordinate Attention for Efficient Mobile Network Design",
       .arxiv = "2103.02907",
       .traits = both,
       .make_options = make_options<SimpleCoordinateAttentionOptions>,
       .build = gate_of_channels<SimpleCoordinateAttentionImpl, SimpleCoordinateAttentionOptions>()},
      {.name = "ela",
       .summary = "rows and columns, each by a one-dimensional convolution",
       .title = "ELA: Efficient Local Attention for Deep Convolutional Neural Networks",
       .arxiv = "2403.01123",
       .traits = both,
       .make_options = make_options<EfficientLocalAttentionOptions>,
       .build = gate_of_channels<EfficientLocalAttentionImpl, EfficientLocalAttentionOptions>()},
      {.name = "strip",
       .summary = "rows and columns, each by a strip convolution",
       .title = "Strip Pooling: Rethinking Spatial Pooling for Scene Parsing",
       .arxiv = "2003.13328",
       .traits = both,
       .make_options = make_options<StripAttentionOptions>,
       .build = gate_of_channels<StripAttentionImpl, StripAttentionOptions>()},
      {.name = "triplet",
       .summary = "three gates, each across two of channels, rows and columns",
       .title = "Rotate to Attend: Convolutional Triplet Attention Module",
       .arxiv = "2010.03045",
       .traits = both,
       .make_options = make_options<TripletAttentionOptions>,
       .build = gate_of_channels<TripletAttentionImpl, TripletAttentionOptions>()},
      {.name = "lka",
       .summary = "a large kernel, decomposed into three convolutions, as the gate",
       .title = "Visual Attention Network",
       .arxiv = "2202.09741",
       .traits = both,
       .make_options = make_options<LargeKernelAttentionOptions>,
       .build = gate_of_channels<LargeKernelAttentionImpl, LargeKernelAttentionOptions>()},
      {.name = "residual_attention",
       .summary = "a bottom-up top-down mask branch, x (1 + mask)",
       .title = "Residual Attention Network for Image Classification",
       .arxiv = "1704.06904",
       .traits = both,
       .make_options = make_options<ResidualAttentionOptions>,
       .build = gate_of_channels<ResidualAttentionImpl, ResidualAttentionOptions>()},
  };
}

}  // namespace fovea
