#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>

#include <fovea/base/fnv1a.h>
#include <fovea/base/printable.h>
#include <fovea/base/utf8.h>
#include <fovea/run/internal/overlay_names.h>

namespace fovea {
namespace {

/// A file's name has at most 255 bytes, and the photo's name, the method and a suffix are in it too.
constexpr std::size_t kMostPartBytes = 80;

std::string hexadecimal(std::uint64_t number) {
  char text[16];
  return {text, std::to_chars(text, text + sizeof text, number, 16).ptr};
}

std::string shortened(const std::string& text) {
  if (text.size() <= kMostPartBytes) return text;
  Fnv1a hash;
  hash.absorb(std::string_view(text));
  const std::string end = "~" + hexadecimal(hash.state() & 0xffffffffU);
  return std::string(truncated_utf8(text, kMostPartBytes - end.size())) + end;
}

}  // namespace

std::string class_file_part(std::int64_t label, const std::string& name) {
  std::string safe;
  for (std::size_t at = 0; at < name.size();) {
    const Utf8Character character = utf8_character(name, at);
    const auto byte = static_cast<unsigned char>(name[at]);
    const bool is_letter = character.code >= 0x80 || std::isalnum(byte) != 0 || byte == '-' || byte == '_';
    const std::string letter = name.substr(at, std::max<std::size_t>(1, character.bytes));
    safe += is_letter && printable(letter) == letter ? letter : "_";
    at += character.bytes > 0 ? character.bytes : 1;
  }
  return shortened(std::to_string(label) + "-" + safe);
}

std::string joined_file_part(const std::vector<std::string>& parts) {
  std::string joined;
  for (const std::string& part : parts) joined += (joined.empty() ? "" : "+") + part;
  return shortened(joined);
}

}  // namespace fovea
