#include <algorithm>
#include <cmath>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/base/random.h>
#include <fovea/base/utf8.h>
#include <fovea/base/xxhash64.h>
#include <fovea/datasets/image_folder.h>
#include <fovea/datasets/internal/data_folder.h>
#include <fovea/image/decode.h>
#include <fovea/image/image_files.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

namespace fs = std::filesystem;

struct LabelledFile {
  std::int64_t label;
  std::string path;  ///< below the class's folder
};

class ImageFolder final : public Dataset {
 public:
  ImageFolder(std::string folder, std::vector<std::string> class_names, std::vector<LabelledFile> files,
              const ImageFolderOptions& options)
      : folder_(std::move(folder)),
        class_names_(std::move(class_names)),
        files_(std::move(files)),
        channels_(static_cast<int>(options.channels)),
        on_error_(options.on_error),
        decode_(options.decode.options("data")) {}

  std::int64_t size() const override { return std::ssize(files_); }
  Sample sample(std::int64_t index) const override {
    return {to_channels(decode_image_file(name(index), decode_), channels_), label(index)};
  }
  std::int64_t label(std::int64_t index) const override { return file(index).label; }
  const std::vector<std::string>& class_names() const override { return class_names_; }
  int channels() const override { return channels_; }
  int height() const override { return 0; }
  int width() const override { return 0; }
  std::string name(std::int64_t index) const override {
    const LabelledFile& chosen = file(index);
    return (fs::path(folder_) / class_names_[static_cast<std::size_t>(chosen.label)] / chosen.path).string();
  }
  std::uint64_t fingerprint(std::int64_t index) const override {
    std::error_code missing;
    const std::uintmax_t bytes = fs::file_size(name(index), missing);
    const LabelledFile& chosen = file(index);
    Xxhash64 hash;
    hash.absorb(chosen.label);
    hash.absorb(std::string_view(chosen.path));
    hash.absorb(missing ? -1 : static_cast<std::int64_t>(bytes));
    return hash.value();
  }
  bool skips_unreadable() const override { return on_error_ == OnError::skip; }
  DecodeOptions decode_options() const override { return decode_; }
  bool reads_files() const override { return true; }

 private:
  const LabelledFile& file(std::int64_t index) const {
    if (index < 0 || index >= size()) {
      throw InputError("ImageFolder", "an index in [0, " + std::to_string(size()) + ")", std::to_string(index));
    }
    return files_[static_cast<std::size_t>(index)];
  }

  std::string folder_;
  std::vector<std::string> class_names_;
  std::vector<LabelledFile> files_;
  int channels_;
  OnError on_error_;
  DecodeOptions decode_;
};

/// Interleaves the files of the classes, so that the first N files contain every class.
std::vector<LabelledFile> interleaved(std::vector<std::vector<LabelledFile>> classes) {
  std::vector<LabelledFile> files;
  bool more = true;
  for (std::size_t i = 0; more; ++i) {
    more = false;
    for (std::vector<LabelledFile>& of_class : classes) {
      if (i >= of_class.size()) continue;
      files.push_back(std::move(of_class[i]));
      more = true;
    }
  }
  return files;
}

/// Names of the subfolders (and links to folders) of a folder, sorted, without hidden ones.
std::vector<std::string> folder_names(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code failure;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end; entry.increment(failure)) {
    const std::string name = entry->path().filename().string();
    std::error_code broken_link;
    if (entry->is_directory(broken_link) && !name.starts_with('.')) names.push_back(name);
  }
  if (failure) {
    throw InputError(folder.string(), "a folder that can be listed", failure.message(), "check its permissions");
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Folders of the splits; none when the classes are in the root itself.
struct Layout {
  std::optional<fs::path> train, validation, test;

  bool has_splits() const { return train || test; }
  const std::optional<fs::path>& of(Split split) const {
    return split == Split::train ? train : split == Split::validation ? validation : test;
  }
};

Layout layout_of(const fs::path& root) {
  const auto first_of = [&](std::initializer_list<const char*> names) -> std::optional<fs::path> {
    const std::vector<std::string> present = folder_names(root);
    for (const char* name : names) {  // without subfolders, a folder `train` is a class
      const bool there = std::find(present.begin(), present.end(), name) != present.end();
      if (there && !folder_names(root / name).empty()) return root / name;
    }
    return std::nullopt;
  };
  Layout layout{first_of({"train"}), first_of({"val", "valid", "validation"}), first_of({"test"})};
  if (!layout.train && !layout.test) return {};  // a folder `val` alone is a class
  if (!layout.test) layout.test = std::exchange(layout.validation, std::nullopt);
  return layout;
}

/// Class names go into the model file and into pictures, so they have to be text.
void expect_text(const fs::path& folder, const std::string& name) {
  if (displayable_utf8(name) == name) return;
  throw InputError((folder / name).string(), "a class name in UTF-8 without control characters", "other bytes",
                   "rename the folder");
}

std::vector<std::string> expect_classes(const fs::path& folder) {
  std::vector<std::string> names = folder_names(folder);
  for (const std::string& name : names) expect_text(folder, name);
  if (!names.empty()) return names;
  throw InputError(folder.string(), "a folder for each class", "none",
                   "image_folder reads root/train/<class>/<files> or root/<class>/<files>");
}

/// Files of a class, sorted by name.
std::vector<LabelledFile> files_of_class(const fs::path& folder, std::int64_t label) {
  std::vector<LabelledFile> files;
  for (std::string& path : image_files(folder.string())) files.push_back({label, std::move(path)});
  return files;
}

void expect_images(const fs::path& folder, const std::vector<LabelledFile>& files) {
  if (!files.empty()) return;
  throw InputError(folder.string(), "images of this class (JPEG, PNG, BMP, WebP, TIFF, PGM, PPM)", "an empty class",
                   "add images, or remove the folder");
}

/// Files of a split with its own folders. @param training true: each class must have images.
std::vector<LabelledFile> files_of_split(const fs::path& folder, const std::vector<std::string>& class_names,
                                         bool training) {
  std::vector<std::vector<LabelledFile>> classes;
  for (const std::string& name : folder_names(folder)) {
    const auto found = std::find(class_names.begin(), class_names.end(), name);
    if (found == class_names.end()) {
      throw InputError((folder / name).string(), "one of the " + std::to_string(class_names.size()) + " classes of training",
                       "another class", "add it to the training folder, or remove it here");
    }
    std::vector<LabelledFile> of_class = files_of_class(folder / name, found - class_names.begin());
    if (training) expect_images(folder / name, of_class);
    classes.push_back(std::move(of_class));
  }
  return interleaved(std::move(classes));
}

/// Training or test files of a class. Each file has its own random number, and the lowest numbers are for testing: the split
/// of a class does not depend on other classes, and an added or removed file moves at most one other.
std::vector<LabelledFile> chosen_by_seed(std::vector<LabelledFile> files, const std::string& class_name,
                                         const ImageFolderOptions& options, bool training) {
  const RandomStream of_class =
      RandomStream(static_cast<std::uint64_t>(options.split_seed), Purpose::split).child(class_name);
  std::vector<std::pair<std::uint64_t, std::size_t>> draws;
  for (std::size_t i = 0; i < files.size(); ++i) draws.emplace_back(of_class.child(files[i].path)(), i);
  std::sort(draws.begin(), draws.end());
  const auto wanted = std::llround(options.test * static_cast<double>(files.size()));
  const auto testing = static_cast<std::ptrdiff_t>(std::min<std::int64_t>(wanted, std::ssize(files) - 1));
  if (training) draws.erase(draws.begin(), draws.begin() + testing);
  if (!training) draws.erase(draws.begin() + testing, draws.end());
  std::sort(draws.begin(), draws.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  std::vector<LabelledFile> chosen;
  chosen.reserve(draws.size());
  for (const auto& [draw, index] : draws) chosen.push_back(std::move(files[index]));
  return chosen;
}

/// Training or test files of each class, for a folder without splits.
std::vector<LabelledFile> files_by_seed(const fs::path& root, const std::vector<std::string>& class_names,
                                        const ImageFolderOptions& options, bool training) {
  std::vector<std::vector<LabelledFile>> classes;
  for (std::size_t label = 0; label < class_names.size(); ++label) {
    const fs::path folder = root / class_names[label];
    std::vector<LabelledFile> of_class = files_of_class(folder, static_cast<std::int64_t>(label));
    expect_images(folder, of_class);
    classes.push_back(chosen_by_seed(std::move(of_class), class_names[label], options, training));
  }
  std::vector<LabelledFile> files = interleaved(std::move(classes));
  if (!files.empty()) return files;
  throw InputError("data.test", "a fraction that selects an image of some class", number_text(options.test),
                   "increase it, or add images");
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
  decode.visit_fields(fields);
}

std::shared_ptr<const Dataset> open_image_folder(const ImageFolderOptions& options, Split split) {
  expect_in_range(options, "data");
  if (options.root.empty()) {
    throw InputError("data.root", "the folder of the images", "an empty text", "set data.root");
  }
  expect_data_folder(options.root, "set data.root");
  const fs::path root = options.root;
  const Layout layout = layout_of(root);
  const std::optional<fs::path>& folder = layout.of(split);
  if (split == Split::validation && !folder) return nullptr;
  std::vector<std::string> class_names = expect_classes(layout.train ? *layout.train : layout.test.value_or(root));
  if (!layout.has_splits()) {
    std::vector<LabelledFile> files = files_by_seed(root, class_names, options, split == Split::train);
    return std::make_shared<ImageFolder>(root.string(), std::move(class_names), std::move(files), options);
  }
  if (!folder) {
    const bool training = split == Split::train;
    throw InputError(root.string(), training ? "a folder train beside test" : "a folder test or val beside train", "none",
                     training ? "add the training images" : "add one; the test images are scored at the end of training");
  }
  std::vector<LabelledFile> files = files_of_split(*folder, class_names, split == Split::train);
  if (files.empty()) throw InputError(folder->string(), "images in the classes' folders", "none", "add images");
  return std::make_shared<ImageFolder>(folder->string(), std::move(class_names), std::move(files), options);
}

}  // namespace fovea
