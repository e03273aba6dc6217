#pragma once

#include <string>

#include <fovea/config/config_node.h>

namespace fovea {

/// The configuration section `model` of the network that a peer's constructor makes. What is left out of the arguments is
/// as the peer has it. @param constructor e.g. "timm.models.resnet.ResNet".
/// @throws InputError for a constructor, an argument or a value without a counterpart, naming all three.
Json model_of_peer(const std::string& constructor, const Json& arguments);

}  // namespace fovea
