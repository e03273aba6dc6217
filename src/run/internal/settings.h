#pragma once

#include <string>
#include <vector>

#include <fovea/config/config_node.h>
#include <fovea/run/experiment_data.h>

namespace fovea {

/// Applies every `KEY=VALUE` to an experiment's configuration: first whole sections and names, from the outermost to the
/// innermost, then all others, each in the order given. Where a setting gives a section another name, as `data.name=cifar10`
/// or `train.optimizer.name=adamw` do, the old one's keys are removed that the new one does not have, and paths, which
/// belong to the old one's files. Where the settings change the kind of the network's hard choices, or leave none, the keys
/// of the former kind are removed too.
/// @param note gets one line for each renamed section that loses keys. @throws InputError; see apply_setting().
void apply_settings(ConfigNode& root, const std::vector<std::string>& settings, const Warn& note);

}  // namespace fovea
