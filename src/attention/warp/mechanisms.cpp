#include <fovea/attention/internal/families.h>
#include <fovea/attention/warp/spatial_transformer.h>

namespace fovea {

std::vector<MechanismRow> warp_mechanisms() {
  const Traits region{{Where::location}, {Selects::soft}, {Query::self}, {Axis::region}};
  return {
      {.name = "spatial_transformer",
       .summary = "resampling by an affine transform that a small network predicts",
       .title = "Spatial Transformer Networks",
       .arxiv = "1506.02025",
       .traits = region,
       .make_options = make_options<SpatialTransformerOptions>,
       .build = built_at_point<Warp, SpatialTransformerImpl, SpatialTransformerOptions>()},
  };
}

}  // namespace fovea
