#pragma once

#include <memory>
#include <string>
#include <vector>

#include <fovea/data/dataset.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Options of a data set in the format of MNIST.
struct MnistOptions {
  std::string root = "data/mnist";

  void visit_fields(FieldVisitor& fields);
};

const std::vector<std::string>& mnist_class_names();
const std::vector<std::string>& fashion_mnist_class_names();

/// Reads `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, or `t10k-...` for the test split, each plain or `.gz`.
/// @param advice how to get the data set, for the message when the folder is missing.
/// @throws InputError when files are missing or damaged, counts differ, a label has no class, or test images have another
/// size than the training images beside them.
std::shared_ptr<const Dataset> open_mnist(const std::string& root, Split split, const std::vector<std::string>& class_names,
                                          const std::string& advice);

}  // namespace fovea
