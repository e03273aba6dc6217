#pragma once

#include <string>

#include <fovea/config/config_node.h>

namespace fovea {

/// Reads a JSON document of any length, within the limits of parse_yaml() on its values. Values have the text of the file.
/// @throws InputError with the byte, from 1, at which the text is no longer JSON.
ConfigNode parse_json(const std::string& text, const std::string& source);

}  // namespace fovea
