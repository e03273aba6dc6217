#pragma once

#include <string>
#include <vector>

namespace fovea {

/// The 1000 classes of ImageNet-1k (ILSVRC 2012), "ImageNet Large Scale Visual Recognition Challenge", arXiv:1409.0575, in
/// the order of the logits of networks trained on it: the English names of torchvision, all different.
const std::vector<std::string>& imagenet_classes();

}  // namespace fovea
