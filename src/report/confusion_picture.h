#pragma once

#include <string>
#include <vector>

#include <fovea/eval/confusion_matrix.h>
#include <fovea/image/image.h>

namespace fovea {

/// A confusion matrix as a heat map: the fraction of each true class's images (row) that was predicted as each class
/// (column). With up to 20 classes the cells have the fractions as numbers, with up to 80 the axes have the names of the
/// classes (truncated where long), with more their numbers. Classes without images are grey. The picture stays below 1400 x
/// 1400 pixels for any number of classes; with more than 1000 a pixel stands for several neighbouring ones.
/// @param classes K names, UTF-8. @return RGB. @throws InputError unless there are K names.
Image confusion_picture(const ConfusionMatrix& confusion, const std::vector<std::string>& classes);

}  // namespace fovea
