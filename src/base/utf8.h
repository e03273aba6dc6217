#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fovea {

/// Displayable text: valid UTF-8 without control characters. Every byte that is not part of a well-formed character, and
/// every control character or noncharacter of Unicode, becomes U+FFFD. For names of files and classes, which may contain
/// anything.
std::string displayable_utf8(const std::string& text);

/// A well-formed character of a UTF-8 text.
struct Utf8Character {
  std::uint32_t code = 0;       ///< code point
  std::size_t bytes = 0;        ///< 0: no well-formed character begins here
  bool is_displayable = false;  ///< neither a control character nor a noncharacter
};

/// The character that begins at a byte of the text.
Utf8Character utf8_character(std::string_view text, std::size_t start);

/// True when every byte is part of a well-formed character.
bool is_utf8(std::string_view text);

/// Beginning of a UTF-8 text of at most `most_bytes` bytes, without a part of a character at its end.
std::string_view truncated_utf8(std::string_view text, std::size_t most_bytes);

/// The text with the letters A to Z in lower case; all other bytes stay as they are.
std::string lower_case(std::string text);

/// Byte offsets of the characters of a valid UTF-8 text, and, last, its length in bytes.
std::vector<std::size_t> character_starts(const std::string& text);

}  // namespace fovea
