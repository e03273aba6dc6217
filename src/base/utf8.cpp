#include <algorithm>
#include <cstdint>

#include <fovea/base/utf8.h>

namespace fovea {
namespace {

constexpr const char* kReplacementCharacter = "\xEF\xBF\xBD";

bool is_continuation(char byte) {
  return (static_cast<std::uint8_t>(byte) & 0xC0U) == 0x80U;
}

/// Length of a character in bytes, by its first byte; 0 for a byte that starts no character.
std::size_t character_length(char first) {
  const auto byte = static_cast<std::uint8_t>(first);
  if (byte < 0x80) return 1;
  if (byte >= 0xC0 && byte < 0xE0) return 2;
  if (byte >= 0xE0 && byte < 0xF0) return 3;
  if (byte >= 0xF0 && byte < 0xF5) return 4;
  return 0;
}

std::uint32_t code_point(std::string_view text, std::size_t start, std::size_t length) {
  const auto first = static_cast<std::uint8_t>(text[start]);
  std::uint32_t code = length == 1 ? first : first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (static_cast<std::uint8_t>(text[start + i]) & 0x3FU);
  return code;
}

bool is_well_formed(std::uint32_t code, std::size_t length) {
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool overlong = code < kSmallest[length];
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return !overlong && !surrogate && code <= 0x10FFFF;
}

bool is_displayable(std::uint32_t code) {
  const bool noncharacter = (code >= 0xFDD0 && code <= 0xFDEF) || (code & 0xFFFEU) == 0xFFFEU;
  const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  return !noncharacter && !control;
}

}  // namespace

std::string displayable_utf8(const std::string& text) {
  std::string displayable;
  displayable.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Character character = utf8_character(text, i);
    if (character.is_displayable) {
      displayable.append(text, i, character.bytes);
      i += character.bytes;
    } else {
      displayable += kReplacementCharacter;
      ++i;
    }
  }
  return displayable;
}

Utf8Character utf8_character(std::string_view text, std::size_t start) {
  const std::size_t length = character_length(text[start]);
  if (length == 0 || length > text.size() - start) return {};
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[start + i])) return {};
  }
  const std::uint32_t code = code_point(text, start, length);
  if (!is_well_formed(code, length)) return {};
  return {code, length, is_displayable(code)};
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t bytes = utf8_character(text, i).bytes;
    if (bytes == 0) return false;
    i += bytes;
  }
  return true;
}

std::string_view truncated_utf8(std::string_view text, std::size_t most_bytes) {
  if (text.size() <= most_bytes) return text;
  constexpr std::size_t kMostContinuations = 3;  // more are no UTF-8, which may be cut anywhere
  for (std::size_t back = 0; back <= std::min(kMostContinuations, most_bytes); ++back) {
    if (!is_continuation(text[most_bytes - back])) return text.substr(0, most_bytes - back);
  }
  return text.substr(0, most_bytes);
}

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::vector<std::size_t> character_starts(const std::string& text) {
  std::vector<std::size_t> starts;
  starts.reserve(text.size() + 1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_continuation(text[i])) starts.push_back(i);
  }
  starts.push_back(text.size());
  return starts;
}

}  // namespace fovea
