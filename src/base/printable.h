#pragma once

#include <string>

namespace fovea {

/// Text of a file that is safe to print on one line of a terminal, in valid UTF-8: names of tensors, classes and files may
/// contain anything. Escaped are control characters (`\n`, `\x1b`, `\u009b`), characters that change the direction of text
/// or that are invisible (`\u202e`), noncharacters, and bytes that are not part of a character (`\xff`). Other text, and
/// with it the backslash, is unchanged.
std::string printable(const std::string& text);

}  // namespace fovea
