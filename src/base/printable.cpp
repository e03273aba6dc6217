#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <utility>

#include <fovea/base/printable.h>
#include <fovea/base/utf8.h>

namespace fovea {
namespace {

/// Characters without an image that rearrange or hide text: first and last code point.
constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 9> kHiddenCharacters{{
    {0x61C, 0x61C},      // Arabic letter mark
    {0x180E, 0x180E},    // Mongolian vowel separator
    {0x200B, 0x200B},    // zero-width space; the joiners after it are letters of some languages
    {0x200E, 0x200F},    // left-to-right and right-to-left mark
    {0x2028, 0x202E},    // line and paragraph separators, embeddings and overrides of the direction
    {0x2060, 0x206F},    // invisible operators, isolates of the direction
    {0xFEFF, 0xFEFF},    // byte-order mark
    {0xFFF9, 0xFFFB},    // interlinear annotations
    {0xE0000, 0xE007F},  // tags
}};

bool is_hidden(std::uint32_t code) {
  return std::any_of(kHiddenCharacters.begin(), kHiddenCharacters.end(),
                     [&](const auto& range) { return code >= range.first && code <= range.second; });
}

template <typename... Numbers>
std::string formatted(const char* format, Numbers... numbers) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), format, numbers...);
  return text.data();
}

std::string escaped(std::uint32_t code) {
  if (code == '\n') return "\\n";
  if (code == '\r') return "\\r";
  if (code == '\t') return "\\t";
  if (code < 0x80) return formatted("\\x%02x", code);
  return formatted(code > 0xFFFF ? "\\U%08x" : "\\u%04x", code);
}

}  // namespace

std::string printable(const std::string& text) {
  std::string line;
  line.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Character character = utf8_character(text, i);
    if (character.bytes == 0) {
      line += formatted("\\x%02x", static_cast<unsigned>(static_cast<std::uint8_t>(text[i])));
      ++i;
      continue;
    }
    if (character.is_displayable && !is_hidden(character.code)) {
      line.append(text, i, character.bytes);
    } else {
      line += escaped(character.code);
    }
    i += character.bytes;
  }
  return line;
}

}  // namespace fovea
