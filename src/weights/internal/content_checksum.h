#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <fovea/base/xxhash64.h>
#include <fovea/weights/safetensors.h>

namespace fovea {

/// Metadata key of the checksum over all other metadata and all tensors.
inline constexpr const char* kChecksumKey = "fovea.checksum";

/// Checksum of a safetensors file's contents, whatever their order and the spelling of the header: a file that Python
/// reads and writes again keeps it.
class ContentChecksum {
 public:
  explicit ContentChecksum(const Metadata& metadata);
  /// In the order of their names. @param type as the format spells it, e.g. "F32".
  void add_tensor(const std::string& name, const char* type, std::span<const std::int64_t> shape,
                  std::span<const std::uint8_t> bytes);
  /// "xxh64:" and 16 hexadecimal digits.
  std::string text() const;

  /// True for a text that text() may give.
  static bool is_one(const std::string& text);

 private:
  Xxhash64 hash_;
};

}  // namespace fovea
