#include <algorithm>
#include <sstream>

#include <fovea/base/wrapped_text.h>

namespace fovea {
namespace {

/// Number of characters of a UTF-8 text: its bytes but for those that continue a character.
std::size_t count_characters(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

}  // namespace

std::string wrapped_text(const std::string& text, std::size_t columns, const std::string& indent) {
  std::string lines;
  std::size_t used = 0;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const std::size_t length = count_characters(word);
    if (lines.empty()) {
      used = length;
    } else if (used + 1 + length <= columns) {
      lines += ' ';
      used += 1 + length;
    } else {
      lines += "\n" + indent;
      used = length;
    }
    lines += word;
  }
  return lines;
}

}  // namespace fovea
