#pragma once

#include <string>

namespace fovea {

/// The end of an advice: where the folder of a data set is set.
inline constexpr const char* kOrSetRoot = ", or set data.root (of a canvas: data.source.root)";

/// Checks the folder of a data set before its files are opened.
/// @param advice how to get the data, for the message. @throws InputError when `root` is no folder.
void require_data_folder(const std::string& root, const std::string& advice);

}  // namespace fovea
