#pragma once

#include <cstddef>
#include <string>

namespace fovea {

/// Text in lines of at most `columns` characters, broken at spaces; a longer word has a line of its own. @param indent is
/// put before every line but the first, and does not count.
std::string wrapped_text(const std::string& text, std::size_t columns, const std::string& indent = "");

}  // namespace fovea
