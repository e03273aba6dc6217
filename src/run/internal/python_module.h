#pragma once

#include <string>

#include <fovea/weights/model_file.h>

namespace fovea {

/// Source of a Python file that rebuilds a network in PyTorch and loads its weights: classes, preprocessing, the network and
/// load(). It needs torch alone; preprocess() needs torchvision. @param weights path of the safetensors file, under fovea's
/// names. @param module path of the Python file.
/// @throws InputError for a network with attention, or one that has no Python form.
std::string python_module(const ModelDescription& description, const std::string& weights, const std::string& module);

}  // namespace fovea
