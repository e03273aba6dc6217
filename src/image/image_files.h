#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace fovea {

/// Number of files of each kind: ".gif", or a few words.
using FileCounts = std::map<std::string, std::int64_t>;

/// ".gif 3, .txt 1": the numbers of at most `most` kinds, the most frequent first, and how many more there are.
std::string describe(const FileCounts& counts, std::size_t most = 6);

/// Image files in and below a folder, and what lies beside them.
struct ImageListing {
  std::vector<std::string> images;  ///< relative paths ("a/b.jpg"), sorted
  FileCounts skipped;               ///< other files by their extension in lower case, and links that are not followed
};

/// True when the name has the extension of a format that decode_image_file() reads, in upper or lower case. The format
/// itself is detected from the bytes.
bool has_image_extension(const std::string& path);

/// True for names that are no data: those that begin with a dot, and what macOS and Windows leave in folders and archives
/// (`__MACOSX`, `Thumbs.db`, `desktop.ini`).
bool is_hidden_name(const std::string& name);

/// Names of the subfolders of a folder and of its links to folders, sorted, without hidden ones.
/// @throws InputError naming the folder that is missing or cannot be listed.
std::vector<std::string> subfolders(const std::string& folder);

/// Image files in and below a folder. Links to files and folders are followed, but each folder is listed once, and a link to
/// a folder above it is not followed. A link to a missing file is included: reading it gives the error that names it.
/// Hidden names, sockets and pipes are skipped without being counted.
/// @throws InputError naming the folder that is missing or cannot be listed.
ImageListing list_images(const std::string& folder);

/// The images of list_images().
std::vector<std::string> image_files(const std::string& folder);

/// Number of image files in a folder itself, without its subfolders. @throws InputError likewise.
std::int64_t count_images_in(const std::string& folder);

}  // namespace fovea
