#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace fovea {

/// A regular file that is read by position. Unlike the bytes of a memory mapping, those that another program cuts off while
/// the file is read are an error of this class and not a signal. May be used from several threads.
class OpenFile {
 public:
  /// @param kind the expected kind of file for messages, e.g. "a safetensors file".
  /// @throws InputError when there is no such file or it cannot be read.
  OpenFile(std::string path, const std::string& kind);

  const std::string& path() const { return path_; }
  /// Bytes when the file was opened.
  std::size_t size() const { return size_; }
  int descriptor() const { return *descriptor_; }

  /// Fills `to` with the bytes from `offset` on. @throws InputError when the file has become shorter, SystemError when the
  /// disk fails.
  void read(std::size_t offset, std::span<std::uint8_t> to) const;
  /// The `count` bytes from `offset` on, or as many as the file has there.
  std::vector<std::uint8_t> bytes(std::size_t offset, std::size_t count) const;

 private:
  std::string path_;
  std::shared_ptr<const int> descriptor_;  ///< closed by its deleter
  std::size_t size_ = 0;
};

}  // namespace fovea
