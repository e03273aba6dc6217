#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <sstream>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/base/utf8.h>
#include <fovea/datasets/array_dataset.h>
#include <fovea/datasets/cifar.h>
#include <fovea/datasets/internal/data_folder.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

constexpr int kCifarSide = 32;
constexpr std::size_t kCifarPlane = std::size_t{kCifarSide} * kCifarSide;
constexpr std::size_t kCifarChannels = 3;
constexpr std::size_t kMaximumCifarBytes = std::size_t{1} << 30;
constexpr std::size_t kMaximumNamesBytes = std::size_t{1} << 16;
constexpr const char* kFetchCifar = "fetch the binary version with tools/download.sh cifar10 or cifar100";

/// Layout of a record: labels, one byte each, then a red, a green and a blue plane.
struct RecordLayout {
  std::vector<std::size_t> class_counts;  ///< of each label byte
  std::size_t selected = 0;               ///< the label byte to use

  std::size_t label_bytes() const { return class_counts.size(); }
  std::size_t record_bytes() const { return label_bytes() + kCifarChannels * kCifarPlane; }
};

std::string path_in(const std::string& root, const std::string& name) {
  return (std::filesystem::path(root) / name).string();
}

void append_record(std::span<const std::uint8_t> record, const RecordLayout& layout, ImageArray& images,
                   std::vector<std::uint8_t>& labels) {
  labels.push_back(record[layout.selected]);
  const std::span<const std::uint8_t> planes = record.subspan(layout.label_bytes());
  for (std::size_t pixel = 0; pixel < kCifarPlane; ++pixel) {
    for (std::size_t channel = 0; channel < kCifarChannels; ++channel) {
      images.pixels.push_back(planes[channel * kCifarPlane + pixel]);
    }
  }
}

void append_file(const std::string& path, const RecordLayout& layout, ImageArray& images,
                 std::vector<std::uint8_t>& labels) {
  const std::vector<std::uint8_t> bytes = read_file(path, kMaximumCifarBytes);
  const std::size_t size = layout.record_bytes();
  if (bytes.empty() || bytes.size() % size != 0) {
    throw InputError(path + ": offset " + std::to_string(bytes.size() / size * size),
                     "one or more whole records of " + std::to_string(size) + " bytes",
                     "a file of " + std::to_string(bytes.size()) + " bytes",
                     "the file is truncated, or not the binary version of this data set");
  }
  images.pixels.reserve(images.pixels.size() + bytes.size());
  for (std::size_t start = 0; start < bytes.size(); start += size) {
    const std::span<const std::uint8_t> record = std::span(bytes).subspan(start, size);
    for (std::size_t i = 0; i < layout.label_bytes(); ++i) {
      if (record[i] < layout.class_counts[i]) continue;
      throw InputError(path + ": offset " + std::to_string(start + i),
                       "a label below " + std::to_string(layout.class_counts[i]), std::to_string(record[i]),
                       "the file is damaged, or not the binary version of this data set");
    }
    append_record(record, layout, images, labels);
  }
}

std::shared_ptr<const Dataset> open_records(const std::string& root, const std::vector<std::string>& files,
                                            const RecordLayout& layout, const std::vector<std::string>& class_names) {
  ImageArray images{kCifarSide, kCifarSide, static_cast<int>(kCifarChannels), {}};
  std::vector<std::uint8_t> labels;
  for (const std::string& file : files) append_file(path_in(root, file), layout, images, labels);
  return std::make_shared<ArrayDataset>(std::move(images), std::move(labels), class_names);
}

/// One name per line; the official file ends with an empty line.
std::vector<std::string> read_class_names(const std::string& path, std::size_t expected) {
  const std::vector<std::uint8_t> bytes = read_file(path, kMaximumNamesBytes);
  std::istringstream text(std::string(bytes.begin(), bytes.end()));
  std::vector<std::string> names;
  for (std::string line; std::getline(text, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) names.push_back(line);
  }
  for (const std::string& name : names) {
    if (displayable_utf8(name) == name) continue;
    throw InputError(path, "class names in UTF-8 without control characters", "other bytes",
                     "fetch the file again, or remove it to use the usual names");
  }
  if (names.size() != expected) {
    throw InputError(path, std::to_string(expected) + " class names, one per line", std::to_string(names.size()),
                     "fetch the file again, or remove it to use the usual names");
  }
  return names;
}

}  // namespace

void Cifar10Options::visit_fields(FieldVisitor& fields) {
  fields.text("root", root, {"folder of data_batch_1.bin ... data_batch_5.bin and test_batch.bin", FieldRole::path});
}

void Cifar100Options::visit_fields(FieldVisitor& fields) {
  fields.text("root", root, {"folder of train.bin and test.bin", FieldRole::path});
  fields.choice("labels", labels, {{"fine", Cifar100Labels::fine}, {"coarse", Cifar100Labels::coarse}},
                "100 fine classes, or 20 coarse classes");
}

const std::vector<std::string>& cifar10_class_names() {
  static const std::vector<std::string> names = {"airplane", "automobile", "bird",  "cat",  "deer",
                                                 "dog",      "frog",       "horse", "ship", "truck"};
  return names;
}

const std::vector<std::string>& cifar100_class_names(Cifar100Labels labels) {
  static const std::vector<std::string> fine = {
      "apple",       "aquarium_fish", "baby",         "bear",         "beaver",     "bed",        "bee",       "beetle",
      "bicycle",     "bottle",        "bowl",         "boy",          "bridge",     "bus",        "butterfly", "camel",
      "can",         "castle",        "caterpillar",  "cattle",       "chair",      "chimpanzee", "clock",     "cloud",
      "cockroach",   "couch",         "crab",         "crocodile",    "cup",        "dinosaur",   "dolphin",   "elephant",
      "flatfish",    "forest",        "fox",          "girl",         "hamster",    "house",      "kangaroo",  "keyboard",
      "lamp",        "lawn_mower",    "leopard",      "lion",         "lizard",     "lobster",    "man",       "maple_tree",
      "motorcycle",  "mountain",      "mouse",        "mushroom",     "oak_tree",   "orange",     "orchid",    "otter",
      "palm_tree",   "pear",          "pickup_truck", "pine_tree",    "plain",      "plate",      "poppy",     "porcupine",
      "possum",      "rabbit",        "raccoon",      "ray",          "road",       "rocket",     "rose",      "sea",
      "seal",        "shark",         "shrew",        "skunk",        "skyscraper", "snail",      "snake",     "spider",
      "squirrel",    "streetcar",     "sunflower",    "sweet_pepper", "table",      "tank",       "telephone", "television",
      "tiger",       "tractor",       "train",        "trout",        "tulip",      "turtle",     "wardrobe",  "whale",
      "willow_tree", "wolf",          "woman",        "worm"};
  // clang-format off
  static const std::vector<std::string> coarse = {
      "aquatic_mammals", "fish", "flowers", "food_containers",
      "fruit_and_vegetables", "household_electrical_devices", "household_furniture", "insects",
      "large_carnivores", "large_man-made_outdoor_things", "large_natural_outdoor_scenes", "large_omnivores_and_herbivores",
      "medium_mammals", "non-insect_invertebrates", "people", "reptiles",
      "small_mammals", "trees", "vehicles_1", "vehicles_2"};
  // clang-format on
  return labels == Cifar100Labels::fine ? fine : coarse;
}

std::shared_ptr<const Dataset> open_cifar10(const Cifar10Options& options, Split split) {
  if (split == Split::validation) return nullptr;
  std::vector<std::string> files = {"test_batch.bin"};
  if (split == Split::train) {
    files = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"};
  }
  expect_data_folder(options.root, std::string(kFetchCifar) + kOrSetRoot);
  const std::size_t classes = cifar10_class_names().size();
  const std::string names_path = path_in(options.root, "batches.meta.txt");
  std::error_code ignored;
  const std::vector<std::string> names =
      std::filesystem::exists(names_path, ignored) ? read_class_names(names_path, classes) : cifar10_class_names();
  return open_records(options.root, files, {{classes}, 0}, names);
}

std::shared_ptr<const Dataset> open_cifar100(const Cifar100Options& options, Split split) {
  expect_in_range(options, "data");
  if (split == Split::validation) return nullptr;
  const std::string file = split == Split::train ? "train.bin" : "test.bin";
  expect_data_folder(options.root, std::string(kFetchCifar) + kOrSetRoot);
  const RecordLayout layout{
      {cifar100_class_names(Cifar100Labels::coarse).size(), cifar100_class_names(Cifar100Labels::fine).size()},
      options.labels == Cifar100Labels::coarse ? std::size_t{0} : std::size_t{1}};
  return open_records(options.root, {file}, layout, cifar100_class_names(options.labels));
}

}  // namespace fovea
