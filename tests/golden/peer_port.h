#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <torch/torch.h>

#include <fovea/attention/registry.h>
#include <fovea/config/config_node.h>
#include <fovea/weights/safetensors.h>

#include "peer_width.h"

namespace fovea {

/// A peer's module as ours, ready to be called as the peer calls it.
struct PeerPort {
  std::shared_ptr<torch::nn::Module> module;  ///< holds the parameters, under the peer's names but for `renamed`
  /// From the file's inputs, by name ("input" is the first), to its results ("output", and what else the file may hold).
  std::function<NamedTensors(const NamedTensors& inputs, ForwardContext& context)> forward;
  std::map<std::string, std::size_t> maps;     ///< which of the recorded attention maps is the file's tensor of that name
  std::map<std::string, std::string> renamed;  ///< beginnings of the peer's parameter names, and what they are with us
};

/// Builds a port from a constructor's arguments. @param inputs the file's, for what is built for their shapes.
/// @throws InputError for an argument that has no counterpart.
using PortBuilder = std::function<PeerPort(const Json& arguments, const NamedTensors& inputs)>;

/// By constructor, e.g. "formula.GCT"; those of timm's create_attn are "timm.layers.create_attn:se".
using PortTable = std::map<std::string, PortBuilder>;

const PortTable& channel_ports();
const PortTable& spatial_ports();
const PortTable& branch_ports();
const PortTable& self_ports();
const PortTable& context_ports();
const PortTable& warp_ports();

/// Meaning of a peer's arguments for a mechanism of the registry.
struct PeerCall {
  Json given;  ///< all of the peer's arguments
  Json options = Json::object();
  InsertionPoint point;
};

using Translate = std::function<void(const Json& value, PeerCall& call)>;
using ArgumentTable = std::map<std::string, Translate>;

Translate rename(const std::string& option);
/// A word among several, e.g. the name of a PyTorch class. @param meanings each word's value of the option.
Translate word(const std::string& option, const std::map<std::string, Json>& meanings);
/// An argument that the peer reads without it changing anything.
Translate ignored();
/// An argument whose value has to be `value`, since the peer fails or differs from itself with any other.
Translate only(const Json& value);
/// An argument that the place in a network decides, with us.
Translate site_stride();
Translate site_out_channels();
/// null leaves our default; anything else goes through `translate`.
Translate unless_null(const Translate& translate);

/// `gate_layer` and `act_layer`: a name of timm's or a PyTorch class.
Translate gate_function(const std::string& option = "gate");
Translate activation(const std::string& option);

/// rd_ratio as the option reduction_ratio with which we have timm's width: 1 / rd_ratio could round to the next one.
Translate width_ratio(const PeerWidth& peer);
/// `arguments` and rd_ratio, rd_channels and rd_divisor. @param mechanism one of peer_widths().
ArgumentTable with_width(ArgumentTable arguments, const std::string& mechanism);

/// `arguments`, and every other argument of timm's create_attn without effect, as in those peers that accept any.
ArgumentTable ignoring_others(ArgumentTable arguments);

/// A port whose arguments `change` corrects first, where one says what others mean.
PortBuilder port_after(const std::function<void(Json& arguments)>& change, const PortBuilder& port);

/// A port of a mechanism of the registry. @param channels the argument that says how many channels arrive; empty: as many
/// as the input has. @param arguments the meaning of every other argument. rd_ratio, rd_divisor and se_factor count only
/// without rd_channels, as in timm.
PortBuilder mechanism_port(const std::string& mechanism, const std::string& channels, const ArgumentTable& arguments,
                           const std::map<std::string, std::size_t>& maps = {},
                           const std::map<std::string, std::string>& renamed = {});

}  // namespace fovea
