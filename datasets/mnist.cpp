#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include <fovea/base/error.h>
#include <fovea/datasets/array_dataset.h>
#include <fovea/datasets/idx.h>
#include <fovea/datasets/internal/data_folder.h>
#include <fovea/datasets/internal/gzip.h>
#include <fovea/datasets/mnist.h>
#include <fovea/image/size_text.h>

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

namespace {

/// A network scores images of another size without a word. @param images of the test split.
void expect_size_of_training(const ImageArray& images, const std::string& path, const std::string& training_path) {
  std::error_code ignored;
  const bool is_there =
      std::filesystem::exists(training_path, ignored) || std::filesystem::exists(training_path + ".gz", ignored);
  if (!is_there) return;  // scoring needs no training images
  const auto [height, width] = read_idx_image_size(find_plain_or_gzip(training_path));
  if (std::int64_t{height} == images.height && std::int64_t{width} == images.width) return;
  throw InputError(path + ": offset 8",
                   "images of " + size_text(height, width) + " (height x width), as in " + training_path,
                   size_text(images.height, images.width), "take both files from the same data set");
}

}  // namespace

std::shared_ptr<const Dataset> open_mnist(const std::string& root, Split split, const std::vector<std::string>& class_names,
                                          const std::string& advice) {
  if (split == Split::validation) return nullptr;
  const std::string prefix = split == Split::train ? "train" : "t10k";
  expect_data_folder(root, advice);
  const auto path = [&](const std::string& name) { return (std::filesystem::path(root) / name).string(); };
  const auto file = [&](const char* suffix) { return find_plain_or_gzip(path(prefix + suffix)); };
  const std::string images_path = file("-images-idx3-ubyte");
  const std::string labels_path = file("-labels-idx1-ubyte");
  ImageArray images = read_idx_images(images_path);
  std::vector<std::uint8_t> labels = read_idx_labels(labels_path);
  if (split == Split::test) expect_size_of_training(images, images_path, path("train-images-idx3-ubyte"));

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
