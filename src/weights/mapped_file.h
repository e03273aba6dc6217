#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace fovea {

/// The bytes of a file, mapped into memory for reading while this or a copy of it lives: nothing is read before it is used.
class MappedFile {
 public:
  /// @param kind what error messages expect of the file, e.g. "a safetensors file".
  /// @throws InputError when there is no such file or it cannot be read.
  MappedFile(const std::string& path, const std::string& kind);

  std::span<const std::uint8_t> bytes() const { return {mapping_.get(), size_}; }
  /// The first of them, which keeps all of them mapped.
  const std::shared_ptr<const std::uint8_t>& mapping() const { return mapping_; }

 private:
  std::shared_ptr<const std::uint8_t> mapping_;  ///< unmapped by its deleter; none for an empty file
  std::size_t size_ = 0;
};

}  // namespace fovea
