#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/base/unicode_form.h>
#include <fovea/datasets/image_folder.h>
#include <fovea/datasets/internal/data_folder.h>
#include <fovea/datasets/internal/file_dataset.h>
#include <fovea/datasets/internal/folder_layout.h>
#include <fovea/image/image_files.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

namespace fs = std::filesystem;

using FilesOfClasses = std::vector<std::vector<LabelledFile>>;

/// Reads the files of classes, and counts what it skips.
class ClassReader {
 public:
  explicit ClassReader(std::string folder) : folder_(std::move(folder)), skipped_{folder_, {}} {
    if (const std::int64_t beside = count_images_in(folder_)) skipped_.counts["images outside the class folders"] = beside;
  }

  /// Files of a class, sorted by name.
  std::vector<LabelledFile> read(const ClassFolders& read_class, std::int64_t label) {
    std::vector<LabelledFile> files;
    for (const std::string& name : read_class.folders) {
      ImageListing listing = list_images((fs::path(folder_) / name).string());
      for (const std::string& path : listing.images) {
        files.push_back({label, (fs::path(name) / path).string(), name.size() + 1});
      }
      for (const auto& [kind, count] : listing.skipped) skipped_.counts[kind] += count;
    }
    return files;
  }

  /// The same for a class that needs images.
  std::vector<LabelledFile> read_some(const ClassFolders& read_class, std::int64_t label) {
    std::vector<LabelledFile> files = read(read_class, label);
    if (!files.empty()) return files;
    const std::string folder = (fs::path(folder_) / read_class.folders.front()).string();
    const FileCounts others = list_images(folder).skipped;
    throw InputError(folder, "images of this class (JPEG, PNG, BMP, WebP, TIFF, PBM, PGM, PPM)",
                     others.empty() ? "an empty class" : "none (skipped: " + describe(others) + ")",
                     advice_on_root(folder_, "add images, or remove the folder"));
  }

  SkippedFiles& skipped() { return skipped_; }

 private:
  std::string folder_;
  SkippedFiles skipped_;
};

std::vector<std::string> names_of(const std::vector<ClassFolders>& classes) {
  std::vector<std::string> names;
  for (const ClassFolders& one : classes) names.push_back(one.name);
  return names;
}

/// Names of the classes: those of training; without a training split, those of all others.
std::vector<std::string> class_names_in(const FolderLayout& layout) {
  if (const auto training = layout.of(Split::train)) return names_of(read_class_folders(*training));
  std::vector<std::string> names;
  for (const auto& [split, folder] : layout.folders) {
    for (std::string& name : names_of(read_class_folders(folder))) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::shared_ptr<const Dataset> make_dataset(const std::string& folder, std::vector<std::string> class_names,
                                            std::vector<LabelledFile> files, const ImageFolderOptions& options,
                                            std::vector<SkippedFiles> skipped) {
  const std::string subfolder = folder == options.root ? "" : fs::path(folder).filename().string();
  return std::make_shared<FileDataset>(
      folder, subfolder, std::move(class_names), std::move(files),
      FileReading{static_cast<int>(options.channels), options.on_error, options.decode.options("data")}, std::move(skipped));
}

/// @throws InputError for a single class where that is a mistake.
void expect_class_folders(const std::string& folder, const std::vector<ClassFolders>& classes,
                          const ImageFolderOptions& options, bool training) {
  if (options.allow_single_class) return;
  if (training) {
    expect_several_classes(folder, classes);
  } else {
    expect_no_root_below(folder, classes);
  }
}

/// The split of a root with class folders alone. @throws InputError for a class without images.
std::shared_ptr<const Dataset> open_by_seed(const std::string& root, const ImageFolderOptions& options, bool training) {
  const std::vector<ClassFolders> classes = read_class_folders(root);
  expect_class_folders(root, classes, options, training);
  const SeededSplit split{options.test, options.split_seed};
  ClassReader reader(root);
  FilesOfClasses files;
  for (const ClassFolders& one : classes) {
    files.push_back(chosen_by_seed(reader.read_some(one, std::ssize(files)), one.name, split, training));
  }
  std::vector<LabelledFile> chosen = interleaved(std::move(files));
  expect_selected(chosen, split);
  return make_dataset(root, names_of(classes), std::move(chosen), options, {reader.skipped()});
}

void expect_root(const std::string& root) {
  if (root.empty()) throw InputError("data.root", "the folder of the images", "an empty text", "set data.root");
  expect_data_folder(root, "set data.root");
}

[[noreturn]] void throw_no_split(const std::string& root, const FolderLayout& layout, Split split) {
  const std::string present = fs::path(layout.folders.begin()->second).filename().string();
  const bool training = split == Split::train;
  throw InputError(root, (training ? "a folder train beside " : "a folder test or val beside ") + present, "none",
                   training ? "add the training images" : "add one; the test images are scored at the end of training");
}

/// A split with a folder of its own. @throws InputError for a class that training does not have, and for one without images
/// in training.
std::shared_ptr<const Dataset> open_folder(const std::string& root, const FolderLayout& layout, Split split,
                                           const ImageFolderOptions& options) {
  const std::string& folder = layout.folders.at(split);
  std::vector<std::string> class_names = class_names_in(layout);
  const std::vector<ClassFolders> classes = read_class_folders(folder);
  const bool training = split == Split::train;
  expect_class_folders(folder, classes, options, training);
  ClassReader reader(folder);
  FilesOfClasses files;
  for (const ClassFolders& one : classes) {
    const auto found = std::find(class_names.begin(), class_names.end(), one.name);
    if (found == class_names.end()) {
      throw InputError((fs::path(folder) / one.folders.front()).string(),
                       "one of the " + std::to_string(class_names.size()) + " classes of training", "another class",
                       "add it to the training folder, or remove it here");
    }
    const std::int64_t label = found - class_names.begin();
    files.push_back(training ? reader.read_some(one, label) : reader.read(one, label));
  }
  std::vector<LabelledFile> all = interleaved(std::move(files));
  if (all.empty()) throw InputError(folder, "images in the classes' folders", "none", "add images");
  std::vector<SkippedFiles> skipped{reader.skipped()};
  if (!layout.others.empty()) skipped.push_back({root, {{"folders that are no split", std::ssize(layout.others)}}});
  return make_dataset(folder, std::move(class_names), std::move(all), options, std::move(skipped));
}

}  // namespace

void ImageFolderOptions::visit_fields(FieldVisitor& fields) {
  fields.text("root", root,
              {"folder with root/train/<class>/<files> (and test or val), or root/<class>/<files>", FieldRole::path});
  fields.choice("channels", channels, {{"3", 3}, {"1", 1}}, "3: RGB, 1: grey");
  fields.real("test", test, {.minimum = 0, .maximum = 1, .minimum_open = true, .maximum_open = true},
              {"fraction of each class for the test split, where there is no folder test or val", FieldRole::splits_data});
  fields.integer("split_seed", split_seed, kNonNegativeInteger, {"seed of that split", FieldRole::splits_data});
  fields.choice("on_error", on_error, {{"fail", OnError::fail}, {"skip", OnError::skip}},
                {"handling of unreadable files: fail with an error, or skip with a warning", FieldRole::effort});
  fields.boolean("allow_single_class", allow_single_class,
                 "accept training images of one class, which is an error otherwise");
  decode.visit_fields(fields);
}

std::vector<Split> image_folder_splits(const ImageFolderOptions& options) {
  expect_root(options.root);
  const FolderLayout layout = read_folder_layout(options.root);
  if (!layout.has_splits()) return {Split::train, Split::test};
  std::vector<Split> splits;
  for (const auto& [split, folder] : layout.folders) {
    const bool is_test = split == Split::validation && folder == layout.of(Split::test);
    if (!is_test) splits.push_back(split);
  }
  return splits;
}

std::shared_ptr<const Dataset> open_image_folder(const ImageFolderOptions& options, Split split) {
  expect_in_range(options, "data");
  expect_root(options.root);
  const FolderLayout layout = read_folder_layout(options.root);
  if (split == Split::validation && !layout.of(split)) return nullptr;
  if (!layout.has_splits()) return open_by_seed(options.root, options, split == Split::train);
  if (!layout.of(split)) throw_no_split(options.root, layout, split);
  return open_folder(options.root, layout, split, options);
}

}  // namespace fovea
