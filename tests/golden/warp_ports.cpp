#include <fovea/attention/warp/affine_sampling.h>
#include <fovea/config/config_node.h>

#include "known_arguments.h"
#include "peer_port.h"

namespace fovea {
namespace {

/// The sampler alone, with theta given.
PeerPort sampler_port(const Json& arguments, const NamedTensors&) {
  expect_known_arguments(arguments, {"align_corners", "height", "width"});
  const auto height = arguments.at("height").get<std::int64_t>(), width = arguments.at("width").get<std::int64_t>();
  const bool align_corners = arguments.value("align_corners", false);
  const auto sample = [=](const NamedTensors& inputs, ForwardContext&) {
    const auto grid = sampling_grid(inputs.at("theta"), height, width, align_corners);
    return NamedTensors{{"output", sample_bilinear(inputs.at("input"), grid, align_corners)}, {"map.grid", grid}};
  };
  return {std::make_shared<torch::nn::Module>("Sampler"), sample, {}, {}};
}

}  // namespace

const PortTable& warp_ports() {
  static const PortTable table{{"formula.StnSampler", sampler_port}};
  return table;
}

}  // namespace fovea
