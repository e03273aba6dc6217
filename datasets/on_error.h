#pragma once

namespace fovea {

/// Handling of unreadable files.
enum class OnError {
  fail,  ///< an error that names the file
  skip,  ///< a warning that names the file, which is skipped
};

}  // namespace fovea
