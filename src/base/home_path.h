#pragma once

#include <string>

namespace fovea {

/// A path with the home folder in place of a leading `~`, alone or before a slash, as shells write it: they leave it to the
/// program in `--out=~/runs` and in files. Other paths are unchanged; a file named `~` is `./~`.
/// @throws InputError for `~name` unless there is such a file, since only shells look up other users, and for a `~` without
/// a home folder.
std::string expand_home(const std::string& path);

}  // namespace fovea
