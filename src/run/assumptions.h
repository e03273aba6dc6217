#pragma once

#include <string>
#include <vector>

#include <fovea/config/config_node.h>
#include <fovea/data/preprocess.h>
#include <fovea/models/parameter_free_choice.h>

namespace fovea {

/// The channels, their order and the normalisation that images are given in.
AssumedChoice assumed_input(const PreprocessOptions& preprocess);

/// The order of the classes. @param origin of the names, e.g. "ImageNet's".
AssumedChoice assumed_classes(const std::vector<std::string>& classes, const std::string& origin);

/// One line on the choices that have alternatives: "theirs.pth: the file cannot tell shortcut (pad, or pad_both) and ...;
/// assumed for resnet20". Empty when there are none. @param network registry name.
std::string assumption_note(const std::string& file, const std::string& network, const std::vector<AssumedChoice>& assumed);

Json to_json(const AssumedChoice& choice);

}  // namespace fovea
