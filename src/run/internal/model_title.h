#pragma once

#include <string>

#include <fovea/run/model.h>

namespace fovea {

/// Title of a model in pictures: the name of its run, file or configuration, its network and its attention, "quickstart ·
/// resnet8 · cbam"; parts that it does not have are skipped.
std::string model_title(const Model& model);

}  // namespace fovea
