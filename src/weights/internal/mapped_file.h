#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace fovea {

/// Memory-mapped bytes of a file, read on demand. The mapping lives as long as this or a copy of it.
class MappedFile {
 public:
  /// @param kind the expected kind of file for messages, e.g. "a safetensors file".
  /// @throws InputError when there is no such file or it cannot be read.
  MappedFile(const std::string& path, const std::string& kind);

  std::span<const std::uint8_t> bytes() const { return {mapping_.get(), size_}; }
  /// Pointer to the first byte, which keeps the mapping alive.
  const std::shared_ptr<const std::uint8_t>& mapping() const { return mapping_; }

 private:
  std::shared_ptr<const std::uint8_t> mapping_;  ///< unmapped by its deleter; null for an empty file
  std::size_t size_ = 0;
};

}  // namespace fovea
