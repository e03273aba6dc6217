#include <fovea/attention/families.h>
#include <fovea/attention/warp/spatial_transformer.h>

namespace fovea {

std::vector<MechanismRow> warp_mechanisms() {
  const Traits region{{Where::location}, {Selects::soft}, {Query::self}, {Axis::region}};
  return {
      {"spatial_transformer", "a small network chooses the window that is looked at", "Spatial Transformer Networks",
       "1506.02025", region, make_options<SpatialTransformerOptions>,
       built_at_point<Warp, SpatialTransformerImpl, SpatialTransformerOptions>()},
  };
}

}  // namespace fovea
