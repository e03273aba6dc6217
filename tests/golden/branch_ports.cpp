#include <fovea/attention/bottleneck_width.h>
#include <fovea/config/config_node.h>

#include "peer_port.h"

namespace fovea {
namespace {

/// One size stands for two branches of it.
Translate branch_kernel_sizes() {
  return [](const Json& value, PeerCall& call) {
    call.options["kernel_sizes"] = value.is_array() ? value : Json::array({value, value});
  };
}

/// Of all branches together.
Translate split_width_ratio() {
  return [](const Json& value, PeerCall& call) {
    const std::int64_t radix = call.given.value("radix", std::int64_t{2});
    width_ratio({.divisor = 8, .round_limit = kRoundLimit, .branches = radix, .minimum = 32})(value, call);
  };
}

}  // namespace

const PortTable& branch_ports() {
  static const PortTable table{
      {"timm.layers.create_attn:sk", mechanism_port("sk", "channels",
                                                    with_width({{"kernel_size", unless_null(branch_kernel_sizes())},
                                                                {"stride", site_stride()},
                                                                {"dilation", rename("dilation")},
                                                                {"groups", rename("groups")},
                                                                {"keep_3x3", rename("keep_3x3")},
                                                                {"split_input", rename("split_input")},
                                                                {"act_layer", activation("activation")},
                                                                {"norm_layer", only("torch.nn.BatchNorm2d")}},
                                                               "sk"),
                                                    {{"tap.softmax.0", 0}})},
      {"timm.layers.create_attn:splat",
       mechanism_port(
           "splat", "channels",
           {{"kernel_size", rename("kernel_size")},
            {"stride", site_stride()},
            {"groups", rename("groups")},
            {"bias", rename("bias")},
            {"radix", rename("radix")},
            {"rd_ratio", split_width_ratio()},
            {"rd_channels", unless_null(rename("reduced_channels"))},
            {"rd_divisor", rename("divisor")},
            {"act_layer", activation("activation")},
            {"norm_layer", unless_null(word("batch_norm", {{"torch.nn.BatchNorm2d", true}, {"torch.nn.Identity", false}}))}},
           {{"tap.softmax.0", 0}})},
  };
  return table;
}

}  // namespace fovea
