#pragma once

#include <string>
#include <vector>

namespace fovea {

/// True when the name has the extension of a format that decode_image_file() reads, in upper or lower case. The format
/// itself is detected from the bytes.
bool has_image_extension(const std::string& path);

/// Image files in and below a folder, sorted, as relative paths ("a/b.jpg"). Skipped are files and folders whose names begin
/// with a dot, other extensions, and entries that are not plain files (sockets, pipes, links to folders). A link to a
/// missing file is included: reading it gives the error that names it.
/// @throws InputError naming the folder that is missing or cannot be listed.
std::vector<std::string> image_files(const std::string& folder);

}  // namespace fovea
