#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace fovea {

/// The text as it can be drawn: valid UTF-8 without control characters. Every byte that is not part of a well-formed
/// character, and every control character or noncharacter of Unicode, becomes U+FFFD. Names of foreign files and classes may
/// hold anything.
std::string displayable_utf8(const std::string& text);

/// Where the characters of a valid UTF-8 text start, and, last, its length in bytes.
std::vector<std::size_t> character_starts(const std::string& text);

}  // namespace fovea
