#pragma once

#include <string>

#include <fovea/models/vgg/vgg.h>

namespace fovea {

/// See ModelRow::python. @throws InputError for variant: timm.
std::string vgg_python(const VggOptions& options, const InputSpec& input);

}  // namespace fovea
