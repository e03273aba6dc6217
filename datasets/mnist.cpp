#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>

#include <fovea/base/error.h>
#include <fovea/datasets/array_dataset.h>
#include <fovea/datasets/idx.h>
#include <fovea/datasets/internal/data_folder.h>
#include <fovea/datasets/internal/gzip.h>
#include <fovea/datasets/mnist.h>

namespace fovea {

void MnistOptions::visit_fields(FieldVisitor& fields) {
  fields.text("root", root, {"folder of the four IDX files, plain or gzip", FieldRole::path});
}

const std::vector<std::string>& mnist_class_names() {
  static const std::vector<std::string> names = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  return names;
}

const std::vector<std::string>& fashion_mnist_class_names() {
  static const std::vector<std::string> names = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                                                 "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
  return names;
}

std::shared_ptr<const Dataset> open_mnist(const std::string& root, Split split, const std::vector<std::string>& class_names,
                                          const std::string& advice) {
  if (split == Split::validation) return nullptr;
  const std::string prefix = split == Split::train ? "train" : "t10k";
  expect_data_folder(root, advice);
  const auto file = [&](const char* suffix) {
    return find_plain_or_gzip((std::filesystem::path(root) / (prefix + suffix)).string());
  };
  const std::string images_path = file("-images-idx3-ubyte");
  const std::string labels_path = file("-labels-idx1-ubyte");
  ImageArray images = read_idx_images(images_path);
  std::vector<std::uint8_t> labels = read_idx_labels(labels_path);

  if (images.count() != labels.size()) {
    throw InputError(labels_path + ": offset 4", std::to_string(images.count()) + " labels, one per image",
                     std::to_string(labels.size()), "take both files from the same data set");
  }
  const auto unknown =
      std::find_if(labels.begin(), labels.end(), [&](std::uint8_t label) { return label >= class_names.size(); });
  if (unknown != labels.end()) {
    const auto offset = kIdxLabelsOffset + static_cast<std::size_t>(unknown - labels.begin());
    throw InputError(labels_path + ": offset " + std::to_string(offset),
                     "a label below " + std::to_string(class_names.size()), std::to_string(*unknown),
                     "the file is damaged or belongs to another data set");
  }
  return std::make_shared<ArrayDataset>(std::move(images), std::move(labels), class_names);
}

}  // namespace fovea
