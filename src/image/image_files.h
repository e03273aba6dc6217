#pragma once

#include <string>
#include <vector>

namespace fovea {

/// Whether a file's name ends as one of the formats that decode_image_file() reads, in any case of letters. Which format it
/// is, its bytes say.
bool has_image_extension(const std::string& path);

/// The image files in and below a folder, sorted, as paths below it ("a/b.jpg"). Left out are files and folders whose names
/// begin with a dot, other extensions, and whatever is no plain file (sockets, pipes, links to folders). A link to a missing
/// file is among them: reading it gives the error that names it.
/// @throws InputError naming the folder that is missing or cannot be listed.
std::vector<std::string> image_files(const std::string& folder);

}  // namespace fovea
