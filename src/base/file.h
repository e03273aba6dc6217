#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fovea {

/// Bytes of a file or pipe.
/// @param max_bytes largest accepted size; a larger file is rejected before it is read.
/// @throws InputError naming the path when it is missing, unreadable, a directory or too large.
std::vector<std::uint8_t> read_file(const std::string& path, std::size_t max_bytes);

/// Writer to an open file descriptor that it does not own.
class FileWriter {
 public:
  /// @param path names the file in messages.
  FileWriter(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}

  /// Writes all `size` bytes. @throws SystemError when that fails, e.g. because the disk is full.
  void write(const void* data, std::size_t size);
  void write(std::string_view text) { write(text.data(), text.size()); }

 private:
  int descriptor_;
  std::string path_;
};

/// Writes a file atomically: readers see the old contents or the new ones, also after a crash or with a full disk.
/// The new file is written beside the old one, flushed to the disk and renamed over it. A symbolic link is itself replaced.
/// @param write produces the contents; its exceptions pass through, and the old file stays.
/// @throws SystemError `<path>: cannot write: <reason>; <what to do>`; InputError when the path is a folder or a device.
void write_file_atomically(const std::string& path, const std::function<void(FileWriter&)>& write);
void write_file_atomically(const std::string& path, std::string_view contents);

/// True when the path begins with all parts of the folder's. Links are not resolved.
bool is_within(const std::filesystem::path& path, const std::filesystem::path& folder);

/// Creates a directory and its parents, unless it exists. @throws SystemError naming the path.
void make_directories(const std::string& path);

/// Removes temporary files that killed processes left in a directory during write_file_atomically(): `.fovea-<process>-<its
/// start time>-<number>.tmp`.
void remove_stale_temporary_files(const std::string& folder);

}  // namespace fovea
