#pragma once

#include <string>

namespace fovea {

/// End of an advice, which names the key of the data set's folder.
inline constexpr const char* kOrSetRoot = ", or set data.root (of a canvas: data.source.root)";

/// @throws InputError when `root` is not a folder. @param advice how to get the data set, for the message.
void expect_data_folder(const std::string& root, const std::string& advice);

}  // namespace fovea
