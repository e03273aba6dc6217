#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "byte_builders.h"

namespace fovea {

/// A member of a tar archive, honest or not.
struct TarMember {
  char type;            ///< of POSIX ustar: '0' file, '1' hard link, '2' symbolic link, '3' device, '5' folder, '6' pipe
  std::string name;     ///< at most 100 bytes; written as it is
  std::string content;  ///< of a file, or where a link leads; otherwise empty
};

inline constexpr std::size_t kTarBlock = 512;

/// The header of POSIX ustar: fields at fixed places, numbers as octal digits.
inline std::array<char, kTarBlock> tar_header(const TarMember& member) {
  std::array<char, kTarBlock> header{};
  const auto put = [&header](std::size_t offset, const std::string& text) {
    std::copy(text.begin(), text.end(), header.begin() + static_cast<std::ptrdiff_t>(offset));
  };
  const auto octal = [](std::size_t number, std::size_t digits) {
    std::string text(digits, '0');
    for (std::size_t i = digits; i > 0; --i, number /= 8) text[i - 1] = static_cast<char>('0' + number % 8);
    return text;
  };
  put(0, member.name);
  put(100, octal(member.type == '5' ? 0755 : 0644, 7));
  put(108, octal(0, 7));  // owner
  put(116, octal(0, 7));  // group
  put(124, octal(member.type == '0' ? member.content.size() : 0, 11));
  put(136, octal(1'244'148'696, 11));  // when it was changed: in June 2009
  put(148, std::string(8, ' '));       // the checksum, as it counts in the checksum
  put(156, std::string(1, member.type));
  if (member.type != '0') put(157, member.content);
  put(257, "ustar");
  put(263, "00");  // the format's version
  std::size_t sum = 0;
  for (const char byte : header) sum += static_cast<std::uint8_t>(byte);
  put(148, octal(sum, 6) + '\0');
  return header;
}

/// A tar archive, compressed with gzip.
inline ByteVector tar_gz_bytes(const std::vector<TarMember>& members) {
  ByteVector archive;
  for (const TarMember& member : members) {
    const std::array<char, kTarBlock> header = tar_header(member);
    archive.insert(archive.end(), header.begin(), header.end());
    if (member.type == '0') archive.insert(archive.end(), member.content.begin(), member.content.end());
    archive.resize((archive.size() + kTarBlock - 1) / kTarBlock * kTarBlock);
  }
  archive.resize(archive.size() + 2 * kTarBlock);  // two empty blocks end an archive
  return gzip_bytes(archive);
}

}  // namespace fovea
