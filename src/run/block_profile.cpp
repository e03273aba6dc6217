#include <fovea/nn/initialise.h>
#include <fovea/nn/multiply_adds.h>
#include <fovea/run/block_profile.h>

namespace fovea {

FeatureShape fitting_shape(const MechanismRow& row, const Options& options, const FeatureShape& wanted) {
  const std::int64_t multiple = row.size_multiple ? row.size_multiple(options) : 1;
  const auto raised = [&](std::int64_t side) { return (side + multiple - 1) / multiple * multiple; };
  return {wanted.channels, raised(wanted.height), raised(wanted.width)};
}

BuiltMechanism build_block(const MechanismRow& row, const FeatureShape& wanted, std::uint64_t seed) {
  const auto options = row.make_options();
  BuiltMechanism block = build_mechanism(row, *options, standalone_point(row, fitting_shape(row, *options, wanted)));
  initialise(*block.module, seed);
  return block;
}

BlockProfile profile_block(const MechanismRow& row, const FeatureShape& wanted) {
  const FeatureShape in = fitting_shape(row, *row.make_options(), wanted);
  const BuiltMechanism block = build_block(row, wanted, /*seed=*/0);
  block.module->eval();
  const torch::NoGradGuard no_grad;
  const auto features = torch::zeros({1, in.channels, in.height, in.width});
  const std::int64_t macs = count_multiply_adds([&] {
    ForwardContext context;
    block.forward(features, context);
  });
  return {in, count_parameters(*block.module), macs};
}

}  // namespace fovea
