#pragma once

#include <functional>
#include <string>

#include <fovea/weights/external_checkpoint.h>
#include <fovea/weights/model_file.h>

namespace fovea {

/// Advice about a file of fovea whose network is another one: what the file says of itself, and to open it so.
std::string advice_on_described(const ModelDescription& description);

/// Advice about a file whose tensors do not fit a network, for the end of a message. A file of fovea names its own network.
/// Renames that remove a prefix, name the last layer or the layers of a Sequential, or skip tensors, and other networks, are
/// tried on all keys of the file with every key mapping, as name_for() does. Advised is what leaves fewer of the network's
/// tensors missing, or fewer tensors unexpected, with both numbers. Keys of known programs are named.
/// @param named the tensors, with the file. @param others may be empty. @param exempt true for tensors of the network that
/// need not be in the file, such as a head that is reinitialised; empty: none.
std::string weights_advice(const torch::nn::Module& network, const NamedForNetwork& named, const VisitNetworks& others = {},
                           const std::function<bool(const std::string& name)>& exempt = {});

}  // namespace fovea
