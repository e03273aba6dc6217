#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "byte_builders.h"

namespace fovea {

/// Pieces of pickles: the opcodes that push a value.
namespace pickled {

inline const std::string kNone = "N";
inline const std::string kFalse = "\x89";

inline std::string number(std::int64_t value) {
  return "\x8a\x08" + little_endian(static_cast<std::uint64_t>(value), 8);
}
inline std::string text(const std::string& value) {
  return "X" + little_endian(value.size(), 4) + value;
}
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string joined(const std::vector<std::string>& values) {
  std::string bytes;
  for (const std::string& value : values) bytes += value;
  return bytes;
}
inline std::string tuple(const std::vector<std::string>& values) {
  return "(" + joined(values) + "t";
}
inline std::string list(const std::vector<std::string>& values) {
  return "](" + joined(values) + "e";
}
inline std::string numbers(const std::vector<std::int64_t>& values) {
  std::vector<std::string> parts;
  parts.reserve(values.size());
  for (const std::int64_t value : values) parts.push_back(number(value));
  return tuple(parts);
}
inline std::string call(const std::string& callee, const std::vector<std::string>& arguments) {
  return callee + tuple(arguments) + "R";
}
/// From names to values.
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string bytes = "}(";
  for (const auto& [name, value] : entries) bytes += text(name) + value;
  return bytes + "u";
}
inline std::string ordered_dict() {
  return global("collections", "OrderedDict") + ")R";
}
inline std::string storage(const std::string& type, const std::string& key, std::int64_t elements) {
  return tuple({text("storage"), global("torch", type), text(key), text("cpu"), number(elements)}) + "Q";
}
inline std::string tensor(const std::string& stored, std::int64_t offset, const std::string& sizes,
                          const std::string& strides) {
  return call(global("torch._utils", "_rebuild_tensor_v2"),
              {stored, number(offset), sizes, strides, kFalse, ordered_dict()});
}
/// A row of floats that fills its storage.
inline std::string floats(const std::string& key, std::int64_t elements) {
  return tensor(storage("FloatStorage", key, elements), 0, numbers({elements}), numbers({1}));
}
/// The whole pickle of a value.
inline std::string whole(const std::string& value) {
  return "\x80\x02" + value + ".";
}

}  // namespace pickled

inline std::uint32_t crc32_of(const std::string& bytes) {
  std::uint32_t state = ~std::uint32_t{0};
  for (const char byte : bytes) {
    state ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) state = (state & 1U) != 0 ? state >> 1 ^ 0xEDB88320U : state >> 1;
  }
  return ~state;
}

/// An entry of a zip archive, and what the archive claims of it where that is not the truth.
struct ZipPart {
  std::string name;
  std::string data;  ///< as it lies in the archive
  std::uint16_t method = 0;
  std::uint16_t flags = 0;
  std::optional<std::uint32_t> claimed_size = std::nullopt;         ///< unpacked
  std::optional<std::uint32_t> claimed_packed_size = std::nullopt;  ///< in the archive
  std::optional<std::uint32_t> checksum = std::nullopt;
  bool at_the_first = false;  ///< its data are those of the first entry
};

/// A zip archive as its parts say.
inline std::string zip_of(const std::vector<ZipPart>& parts) {
  std::string bytes;
  std::string directory;
  for (const ZipPart& part : parts) {
    const auto packed = part.claimed_packed_size.value_or(static_cast<std::uint32_t>(part.data.size()));
    const std::string common = little_endian(part.flags, 2) + little_endian(part.method, 2) + std::string("\0\0\x21\0", 4) +
                               little_endian(part.checksum.value_or(crc32_of(part.data)), 4) + little_endian(packed, 4) +
                               little_endian(part.claimed_size.value_or(packed), 4) + little_endian(part.name.size(), 2) +
                               little_endian(0, 2);
    const std::size_t offset = part.at_the_first ? 0 : bytes.size();
    directory += "PK\x01\x02" + little_endian(20, 2) + little_endian(20, 2) + common + std::string(10, '\0') +
                 little_endian(offset, 4) + part.name;
    if (!part.at_the_first) bytes += "PK\x03\x04" + little_endian(20, 2) + common + part.name + part.data;
  }
  const std::string count = little_endian(parts.size(), 2);
  return bytes + directory + "PK\x05\x06" + std::string(4, '\0') + count + count + little_endian(directory.size(), 4) +
         little_endian(bytes.size(), 4) + little_endian(0, 2);
}

/// A file of torch.save since PyTorch 1.6: a pickled value and the values of storages by their keys.
inline std::string torch_zip(const std::string& value, const std::vector<std::pair<std::string, std::string>>& storages) {
  std::vector<ZipPart> parts{{"a/data.pkl", pickled::whole(value)}};
  for (const auto& [key, data] : storages) parts.push_back({"a/data/" + key, data});
  return zip_of(parts);
}

/// Beginning of a file of torch.save before PyTorch 1.6.
inline std::string legacy_start(const std::string& little_endian_word = "\x88", std::int64_t version = 1001) {
  return pickled::whole(std::string("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")) +
         pickled::whole(pickled::number(version)) + pickled::whole(pickled::dict({{"little_endian", little_endian_word}}));
}

/// A file of torch.save before PyTorch 1.6. @param storages keys with data, `element_bytes` each value.
inline std::string torch_legacy(const std::string& value, const std::vector<std::pair<std::string, std::string>>& storages,
                                std::size_t element_bytes = 4) {
  std::vector<std::string> keys;
  std::string data;
  for (const auto& [key, values] : storages) {
    keys.push_back(pickled::text(key));
    data += little_endian(values.size() / element_bytes, 8) + values;
  }
  return legacy_start() + pickled::whole(value) + pickled::whole(pickled::list(keys)) + data;
}

}  // namespace fovea
