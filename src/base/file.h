#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fovea {

/// The bytes of a file. Pipes may be read too.
/// @param max_bytes the largest size accepted; a longer file is refused before it is read.
/// @throws InputError naming the path when it is missing, unreadable, a folder or too long.
std::vector<std::uint8_t> read_file(const std::string& path, std::size_t max_bytes);

/// Appends to an open file descriptor, which it does not own.
class FileWriter {
 public:
  /// @param path what error messages call the file.
  FileWriter(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}

  /// Appends all `size` bytes. @throws SystemError when the machine refuses, e.g. because the disk is full.
  void write(const void* data, std::size_t size);
  void write(std::string_view text) { write(text.data(), text.size()); }

 private:
  int descriptor_;
  std::string path_;
};

/// Replaces a file in one step: a reader, a crash or a full disk sees either the old contents or the new, never a part.
/// The new file is written beside the old one, flushed to the disk and renamed over it. A symbolic link is replaced itself.
/// @param write produces the contents; what it throws passes through, and the old file stays as it was.
/// @throws SystemError `<path>: cannot write: <reason>; <what to do>`; InputError when the path is a folder or a device.
void write_file_atomically(const std::string& path, const std::function<void(FileWriter&)>& write);
void write_file_atomically(const std::string& path, std::string_view contents);

/// Creates a folder with the folders above it; nothing happens when it is there. @throws SystemError naming the path.
void make_directories(const std::string& path);

/// Removes what interrupted write_file_atomically() calls of processes that are gone left in a folder.
void remove_stale_temporary_files(const std::string& folder);

}  // namespace fovea
