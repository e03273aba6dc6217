#include <algorithm>
#include <filesystem>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/base/utf8.h>
#include <fovea/image/image_files.h>
#include <fovea/run/photo_files.h>

namespace fovea {
namespace {

namespace fs = std::filesystem;

/// The canonical path of a folder, which need not exist; links are resolved.
fs::path real_folder(const fs::path& folder) {
  std::error_code failure;
  const fs::path whole = fs::absolute(folder.empty() ? "." : folder, failure);
  if (failure) return folder;
  const fs::path real = fs::weakly_canonical(whole, failure);
  return failure ? folder : real;
}

/// Collects images under unique names.
class ImageCollector {
 public:
  explicit ImageCollector(std::vector<std::string> reserved) : reserved_(std::move(reserved)) {}

  void add(const fs::path& path, const fs::path& below) {
    std::string stem = below.stem().string();
    std::replace(stem.begin(), stem.end(), '.', '_');
    std::string wanted = (below.parent_path() / stem).string();
    if (is_reserved(wanted)) wanted = "photo_" + wanted;
    std::string name = wanted;
    // Where upper and lower case are the same, names that differ in nothing else would replace each other.
    int& number = numbers_.try_emplace(lower_case(wanted), 1).first->second;
    while (!names_.insert(lower_case(name)).second) name = wanted + "-" + std::to_string(++number);
    images_.push_back({path.string(), name, below.string()});
  }

  std::vector<NamedPhoto> take() { return std::move(images_); }

 private:
  /// Where upper and lower case are the same, names of either case are reserved.
  bool is_reserved(const std::string& name) const {
    return std::any_of(reserved_.begin(), reserved_.end(),
                       [&](const std::string& beginning) { return lower_case(name).starts_with(beginning); });
  }

  std::vector<std::string> reserved_;
  std::unordered_set<std::string> names_;
  std::unordered_map<std::string, int> numbers_;  ///< the last one behind each wanted name
  std::vector<NamedPhoto> images_;
};

/// Folders of the images' files.
std::set<fs::path> folders_of(const std::vector<NamedPhoto>& images) {
  std::set<fs::path> folders;
  for (const NamedPhoto& image : images) folders.insert(fs::path(image.path).parent_path());
  return folders;
}

[[noreturn]] void throw_not_apart(const std::string& folder) {
  throw InputError("output folder", "a folder apart from the images", folder + ", which contains some of them",
                   "choose another");
}

}  // namespace

void tell_captions_apart(std::vector<NamedPhoto>& images) {
  std::unordered_map<std::string, int> numbers;  // of the images with a caption
  for (const NamedPhoto& image : images) ++numbers[image.caption];
  for (NamedPhoto& image : images) {
    if (numbers[image.caption] > 1) image.caption = image.path;
  }
}

void expect_apart(const std::vector<NamedPhoto>& images, const std::string& output_folder) {
  std::unordered_set<std::string> real_inputs;
  for (const fs::path& folder : folders_of(images)) real_inputs.insert(real_folder(folder).string());
  std::set<std::string> outputs;  // in the order of their names, for the message
  for (const NamedPhoto& image : images) outputs.insert((fs::path(output_folder) / image.name).parent_path().string());
  for (const std::string& folder : outputs) {
    if (real_inputs.contains(real_folder(folder).string())) throw_not_apart(folder);
  }
}

void expect_no_root(const std::vector<NamedPhoto>& images, const std::string& output_folder) {
  const fs::path output = real_folder(output_folder);
  for (const fs::path& folder : folders_of(images)) {
    const fs::path above = real_folder(folder).parent_path();
    if (output == above || output == above.parent_path()) throw_not_apart(output_folder);
  }
}

std::vector<NamedPhoto> expand_images(const std::vector<std::string>& arguments, const std::string& output_folder,
                                      const std::vector<std::string>& reserved) {
  const fs::path output = output_folder.empty() ? fs::path() : real_folder(output_folder);
  ImageCollector collector(reserved);
  for (const std::string& argument : arguments) {
    const fs::path path = argument;
    std::error_code failure;
    if (!fs::is_directory(path, failure)) {
      collector.add(path, path.filename());
      continue;
    }
    const fs::path real = real_folder(path);
    const bool holds_output = !output.empty() && output != real && is_within(output, real);
    ImageListing listing = list_images(argument);
    std::vector<std::string>& files = listing.images;
    if (holds_output) std::erase_if(files, [&](const std::string& file) { return is_within(real / file, output); });
    if (files.empty()) {
      throw InputError(argument, "a folder with images (JPEG, PNG, BMP, WebP, TIFF, PBM, PGM, PPM)",
                       listing.skipped.empty() ? "none in it" : "none in it (skipped: " + describe(listing.skipped) + ")");
    }
    for (const std::string& file : files) collector.add(path / file, file);
  }
  std::vector<NamedPhoto> images = collector.take();
  tell_captions_apart(images);
  if (!output_folder.empty()) expect_apart(images, output_folder);
  return images;
}

void expect_all_readable(const std::string& command, std::size_t images, std::int64_t unreadable) {
  if (unreadable == 0) return;
  throw InputError(command, std::to_string(images) + " readable images", std::to_string(unreadable) + " that are not",
                   "see the warnings; the other images are done");
}

}  // namespace fovea
