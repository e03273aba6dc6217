#include <fovea/attention/branch/selective_kernel.h>
#include <fovea/attention/branch/split_attention.h>
#include <fovea/attention/internal/families.h>

namespace fovea {

std::vector<MechanismRow> branch_mechanisms() {
  const Traits branches{{Where::item}, {Selects::soft}, {Query::self}, {Axis::branch}};
  return {
      {.name = "sk",
       .summary = "branches of several kernel sizes, chosen for each channel",
       .title = "Selective Kernel Networks",
       .arxiv = "1903.06586",
       .traits = branches,
       .make_options = make_options<SelectiveKernelOptions>,
       .build = built_at_point<Mixer, SelectiveKernelImpl, SelectiveKernelOptions>()},
      {.name = "splat",
       .summary = "the splits of a grouped convolution, chosen for each channel",
       .title = "ResNeSt: Split-Attention Networks",
       .arxiv = "2004.08955",
       .traits = branches,
       .make_options = make_options<SplitAttentionOptions>,
       .build = built_at_point<Mixer, SplitAttentionImpl, SplitAttentionOptions>()},
  };
}

}  // namespace fovea
