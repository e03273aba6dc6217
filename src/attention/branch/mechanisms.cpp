#include <fovea/attention/branch/selective_kernel.h>
#include <fovea/attention/branch/split_attention.h>
#include <fovea/attention/families.h>

namespace fovea {

std::vector<MechanismRow> branch_mechanisms() {
  const Traits branches{{Where::item}, {Selects::soft}, {Query::self}, {Axis::branch}};
  return {
      {"sk", "branches of several kernel sizes, chosen for each channel", "Selective Kernel Networks", "1903.06586",
       branches, make_options<SelectiveKernelOptions>, built_at_point<Mixer, SelectiveKernelImpl, SelectiveKernelOptions>()},
      {"splat", "the splits of a grouped convolution, chosen for each channel", "ResNeSt: Split-Attention Networks",
       "2004.08955", branches, make_options<SplitAttentionOptions>,
       built_at_point<Mixer, SplitAttentionImpl, SplitAttentionOptions>()},
  };
}

}  // namespace fovea
