#include <fovea/attention/internal/families.h>
#include <fovea/attention/self/augmented_convolution.h>
#include <fovea/attention/self/bilinear_attention.h>
#include <fovea/attention/self/bottleneck_attention.h>
#include <fovea/attention/self/double_attention.h>
#include <fovea/attention/self/external_attention.h>
#include <fovea/attention/self/halo_attention.h>
#include <fovea/attention/self/lambda_layer.h>
#include <fovea/attention/self/non_local.h>
#include <fovea/attention/self/self_attention.h>

namespace fovea {
namespace {

template <typename BlockOptions>
std::int64_t block_size_of(const Options& options) {
  return options_cast<BlockOptions>(options).block_size;
}

}  // namespace

std::vector<MechanismRow> self_mechanisms() {
  const Traits positions{{Where::location}, {Selects::soft}, {Query::self}, {Axis::spatial}};
  const Traits memory{{Where::item}, {Selects::soft}, {Query::self}, {Axis::token}};
  return {
      {.name = "nl",
       .summary = "self-attention over all positions",
       .title = "Non-local Neural Networks",
       .arxiv = "1711.07971",
       .traits = positions,
       .make_options = make_options<NonLocalOptions>,
       .build = gate_of_channels<NonLocalImpl, NonLocalOptions>()},
      {.name = "bat",
       .summary = "bilinear transforms of blocks of positions",
       .title = "Non-Local Neural Networks With Grouped Bilinear Attentional Transforms",
       .arxiv = "",
       .traits = positions,
       .make_options = make_options<BilinearAttentionOptions>,
       .build = built_at_point<Gate, BilinearAttentionImpl, BilinearAttentionOptions>(),
       .reference = "CVPR 2020",
       .size_multiple = block_size_of<BilinearAttentionOptions>},
      {.name = "a2",
       .summary = "gathers global descriptors and distributes them to the positions",
       .title = "A^2-Nets: Double Attention Networks",
       .arxiv = "1810.11579",
       .traits = positions,
       .make_options = make_options<DoubleAttentionOptions>,
       .build = built_at_point<Mixer, DoubleAttentionImpl, DoubleAttentionOptions>()},
      {.name = "external",
       .summary = "attention of the positions to a learned memory that all images share",
       .title = "Beyond Self-attention: External Attention using Two Linear Layers for Visual Tasks",
       .arxiv = "2105.02358",
       .traits = memory,
       .make_options = make_options<ExternalAttentionOptions>,
       .build = built_at_point<Mixer, ExternalAttentionImpl, ExternalAttentionOptions>()},
      {.name = "bottleneck",
       .summary = "self-attention over the map with relative positions",
       .title = "Bottleneck Transformers for Visual Recognition",
       .arxiv = "2101.11605",
       .traits = positions,
       .make_options = make_options<BottleneckAttentionOptions>,
       .build = built_at_point<Mixer, BottleneckAttentionImpl, BottleneckAttentionOptions>()},
      {.name = "halo",
       .summary = "self-attention of blocks of positions and their surroundings",
       .title = "Scaling Local Self-Attention for Parameter Efficient Visual Backbones",
       .arxiv = "2103.12731",
       .traits = positions,
       .make_options = make_options<HaloAttentionOptions>,
       .build = built_at_point<Mixer, HaloAttentionImpl, HaloAttentionOptions>(),
       .size_multiple = block_size_of<HaloAttentionOptions>},
      {.name = "lambda",
       .summary = "summaries of content and position, applied to each query",
       .title = "LambdaNetworks: Modeling Long-Range Interactions Without Attention",
       .arxiv = "2102.08602",
       .traits = positions,
       .make_options = make_options<LambdaLayerOptions>,
       .build = built_at_point<Mixer, LambdaLayerImpl, LambdaLayerOptions>()},
      {.name = "aaconv",
       .summary = "a convolution and self-attention side by side",
       .title = "Attention Augmented Convolutional Networks",
       .arxiv = "1904.09925",
       .traits = positions,
       .make_options = make_options<AugmentedConvolutionOptions>,
       .build = built_at_point<Mixer, AugmentedConvolutionImpl, AugmentedConvolutionOptions>()},
      {.name = "mhsa",
       .summary = "the Transformer's self-attention over the positions of the map",
       .title = "Attention Is All You Need",
       .arxiv = "1706.03762",
       .traits = positions,
       .make_options = make_options<SelfAttentionOptions>,
       .build = built_at_point<Mixer, GridSelfAttentionImpl, SelfAttentionOptions>()},
  };
}

}  // namespace fovea
