#include <algorithm>
#include <cctype>
#include <filesystem>

#include <fovea/base/error.h>
#include <fovea/image/image_files.h>

namespace fovea {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

/// A broken link is included: reading it gives an error that names it.
bool may_be_an_image(const fs::directory_entry& entry) {
  std::error_code failure;
  const fs::file_type type = entry.status(failure).type();
  const bool broken_link = type == fs::file_type::not_found || type == fs::file_type::none;
  return (type == fs::file_type::regular || broken_link) && has_image_extension(entry.path().string());
}

bool is_folder(const fs::directory_entry& entry) {
  std::error_code failure;
  return entry.is_directory(failure) && !entry.is_symlink(failure);  // following links to folders might never end
}

/// Adds the files of `root`/`below` and of the folders in it.
void collect(const fs::path& root, const fs::path& below, std::vector<std::string>& files) {
  std::error_code failure;
  const fs::path folder = below.empty() ? root : root / below;
  fs::directory_iterator entries(folder, failure);
  for (; !failure && entries != fs::directory_iterator(); entries.increment(failure)) {
    const fs::directory_entry& entry = *entries;
    if (is_hidden(entry.path())) continue;
    const fs::path name = below / entry.path().filename();
    if (is_folder(entry)) {
      collect(root, name, files);
    } else if (may_be_an_image(entry)) {
      files.push_back(name.string());
    }
  }
  if (failure) {
    throw InputError(folder.string(), "a folder that can be listed", failure.message(),
                     "check the path and its permissions");
  }
}

}  // namespace

bool has_image_extension(const std::string& path) {
  constexpr const char* kExtensions[] = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".ppm"};
  std::string extension = fs::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return std::find(std::begin(kExtensions), std::end(kExtensions), extension) != std::end(kExtensions);
}

std::vector<std::string> image_files(const std::string& folder) {
  std::vector<std::string> files;
  collect(folder, "", files);
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace fovea
