#pragma once

#include <string>

namespace fovea {

/// The text in Unicode's composed form (NFC): "e" with a combining accent becomes "é". File systems and programs write one
/// name in both forms, so names are compared in this one. A text that is not valid UTF-8 is returned as it is.
std::string composed_form(const std::string& text);

}  // namespace fovea
