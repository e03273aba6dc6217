#include <fovea/attention/families.h>
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
      {"nl", "every position gathers from all others", "Non-local Neural Networks", "1711.07971", positions,
       make_options<NonLocalOptions>, gate_of_channels<NonLocalImpl, NonLocalOptions>()},
      {.name = "bat",
       .summary = "bilinear transforms of blocks of positions",
       .title = "Non-Local Neural Networks With Grouped Bilinear Attentional Transforms",
       .arxiv = "",
       .traits = positions,
       .make_options = make_options<BilinearAttentionOptions>,
       .build = built_at_point<Gate, BilinearAttentionImpl, BilinearAttentionOptions>(),
       .reference = "CVPR 2020",
       .size_multiple = block_size_of<BilinearAttentionOptions>},
      {"a2", "gathers global descriptors and distributes them to the positions", "A^2-Nets: Double Attention Networks",
       "1810.11579", positions, make_options<DoubleAttentionOptions>,
       built_at_point<Mixer, DoubleAttentionImpl, DoubleAttentionOptions>()},
      {"external", "positions ask a learned memory that all images share",
       "Beyond Self-attention: External Attention using Two Linear Layers for Visual Tasks", "2105.02358", memory,
       make_options<ExternalAttentionOptions>, built_at_point<Mixer, ExternalAttentionImpl, ExternalAttentionOptions>()},
      {"bottleneck", "self-attention over the map with relative positions", "Bottleneck Transformers for Visual Recognition",
       "2101.11605", positions, make_options<BottleneckAttentionOptions>,
       built_at_point<Mixer, BottleneckAttentionImpl, BottleneckAttentionOptions>()},
      {.name = "halo",
       .summary = "self-attention of blocks with their surroundings",
       .title = "Scaling Local Self-Attention for Parameter Efficient Visual Backbones",
       .arxiv = "2103.12731",
       .traits = positions,
       .make_options = make_options<HaloAttentionOptions>,
       .build = built_at_point<Mixer, HaloAttentionImpl, HaloAttentionOptions>(),
       .size_multiple = block_size_of<HaloAttentionOptions>},
      {"lambda", "summaries of content and position, applied to each query",
       "LambdaNetworks: Modeling Long-Range Interactions Without Attention", "2102.08602", positions,
       make_options<LambdaLayerOptions>, built_at_point<Mixer, LambdaLayerImpl, LambdaLayerOptions>()},
      {"aaconv", "a convolution and self-attention side by side", "Attention Augmented Convolutional Networks", "1904.09925",
       positions, make_options<AugmentedConvolutionOptions>,
       built_at_point<Mixer, AugmentedConvolutionImpl, AugmentedConvolutionOptions>()},
      {"mhsa", "the Transformer's self-attention over the positions of the map", "Attention Is All You Need", "1706.03762",
       positions, make_options<SelfAttentionOptions>, built_at_point<Mixer, GridSelfAttentionImpl, SelfAttentionOptions>()},
  };
}

}  // namespace fovea
