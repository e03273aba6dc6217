#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/base/number_text.h>
#include <fovea/base/utf8.h>
#include <fovea/image/image_files.h>

namespace fovea {
namespace {

namespace fs = std::filesystem;

std::string lower_extension(const std::string& path) {
  return lower_case(fs::path(path).extension().string());
}

/// Calls `visit` with each entry of a folder that is not hidden.
template <typename Visit>
void for_each_entry(const fs::path& folder, const Visit& visit) {
  std::error_code failure;
  fs::directory_iterator entries(folder, failure);
  for (; !failure && entries != fs::directory_iterator(); entries.increment(failure)) {
    if (!is_hidden_name(entries->path().filename().string())) visit(*entries);
  }
  if (failure) {
    throw InputError(folder.string(), "a folder that can be listed", failure.message(),
                     "check the path and its permissions");
  }
}

bool is_folder(const fs::directory_entry& entry) {
  std::error_code failure;
  return entry.is_directory(failure);
}

/// A broken link is included: reading it gives an error that names it.
bool is_file(const fs::directory_entry& entry) {
  std::error_code failure;
  const fs::file_type type = entry.status(failure).type();
  return type == fs::file_type::regular || type == fs::file_type::not_found || type == fs::file_type::none;
}

/// The path without links; the path itself where that cannot be found out.
fs::path real_path(const fs::path& path) {
  std::error_code failure;
  const fs::path real = fs::canonical(path, failure);
  return failure ? path : real;
}

/// A walk through a folder: first its own subfolders, then its links to folders, each folder once.
class FolderWalk {
 public:
  explicit FolderWalk(fs::path root) : root_(std::move(root)) {}

  ImageListing list() {
    collect("");
    while (!links_.empty()) {
      const fs::path link = *links_.begin();  // in the order of names, so that the listing is always the same
      links_.erase(links_.begin());
      follow(link);
    }
    std::sort(listing_.images.begin(), listing_.images.end());
    return std::move(listing_);
  }

 private:
  void follow(const fs::path& link) {
    const fs::path target = real_path(root_ / link);
    if (is_within(real_path((root_ / link).parent_path()), target)) {
      ++listing_.skipped["links to a folder above"];
    } else if (listed_.contains(target)) {
      ++listing_.skipped["links to a folder that is listed already"];
    } else {
      collect(link);
    }
  }

  /// Adds the files of `root`/`below` and of the folders in it.
  void collect(const fs::path& below) {
    const fs::path folder = below.empty() ? root_ : root_ / below;
    if (!listed_.insert(real_path(folder)).second) return;
    for_each_entry(folder, [&](const fs::directory_entry& entry) {
      const fs::path name = below / entry.path().filename();
      std::error_code failure;
      if (is_folder(entry)) {
        entry.is_symlink(failure) ? void(links_.insert(name)) : collect(name);
      } else if (is_file(entry)) {
        add_file(name.string());
      }
    });
  }

  void add_file(std::string name) {
    if (has_image_extension(name)) {
      listing_.images.push_back(std::move(name));
      return;
    }
    const std::string extension = lower_extension(name);
    ++listing_.skipped[extension.empty() ? "no extension" : extension];
  }

  fs::path root_;
  std::set<fs::path> links_;   ///< to folders, still to be followed
  std::set<fs::path> listed_;  ///< without links
  ImageListing listing_;
};

}  // namespace

std::string describe(const FileCounts& counts, std::size_t most) {
  std::vector<std::pair<std::string, std::int64_t>> kinds(counts.begin(), counts.end());
  std::stable_sort(kinds.begin(), kinds.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (std::size_t i = 0; i < std::min(most, kinds.size()); ++i) {
    text += (i == 0 ? "" : ", ") + kinds[i].first + " " + grouped_digits(kinds[i].second);
  }
  if (kinds.size() > most) text += ", and " + std::to_string(kinds.size() - most) + " more kinds";
  return text;
}

bool has_image_extension(const std::string& path) {
  constexpr const char* kExtensions[] = {".jpg", ".jpeg", ".jpe", ".jif",  ".jfif", ".mpo", ".png", ".apng", ".bmp",
                                         ".dib", ".webp", ".tif", ".tiff", ".pbm",  ".pgm", ".ppm", ".pnm"};
  const std::string extension = lower_extension(path);
  return std::find(std::begin(kExtensions), std::end(kExtensions), extension) != std::end(kExtensions);
}

bool is_hidden_name(const std::string& name) {
  return name.starts_with('.') || name == "__MACOSX" || name == "Thumbs.db" || name == "desktop.ini";
}

std::vector<std::string> subfolders(const std::string& folder) {
  std::vector<std::string> names;
  for_each_entry(folder, [&](const fs::directory_entry& entry) {
    if (is_folder(entry)) names.push_back(entry.path().filename().string());
  });
  std::sort(names.begin(), names.end());
  return names;
}

ImageListing list_images(const std::string& folder) {
  return FolderWalk(folder).list();
}

std::vector<std::string> image_files(const std::string& folder) {
  return list_images(folder).images;
}

std::int64_t count_images_in(const std::string& folder) {
  std::int64_t count = 0;
  for_each_entry(folder, [&](const fs::directory_entry& entry) {
    if (!is_folder(entry) && is_file(entry) && has_image_extension(entry.path().string())) ++count;
  });
  return count;
}

}  // namespace fovea
