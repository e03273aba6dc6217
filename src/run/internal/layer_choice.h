#pragma once

#include <string>
#include <vector>

#include <fovea/run/overlayer.h>

namespace fovea {

/// True when a method has a map for each of the names; see choose_layers().
bool has_layers(const Model& model, const MethodLayers& method, const std::vector<std::string>& names);

/// The layers that a user means, each a name of a module at any depth, or `all`; without a name the last one, spatial if
/// there is one. A name is that of a layer itself, or of a module around layers.
/// @throws InputError with the nearest name when the method has no map for one.
std::vector<LayerMap> choose_layers(const Model& model, const MethodLayers& method, const std::vector<std::string>& names);

}  // namespace fovea
