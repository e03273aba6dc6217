#pragma once

#include <string>

#include <fovea/models/residual/cifar_resnet.h>
#include <fovea/models/residual/resnet.h>

namespace fovea {

/// See ModelRow::python.
std::string cifar_resnet_python(const CifarResnetOptions& options, const InputSpec& input);
std::string resnet_python(const ResnetOptions& options, const InputSpec& input);

}  // namespace fovea
