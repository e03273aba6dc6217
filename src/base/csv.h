#pragma once

#include <string>
#include <vector>

namespace fovea {

/// A cell of a CSV file: the text, in quotes where CSV requires them (RFC 4180). A text that a spreadsheet would take for a
/// formula (`=`, `+`, `-`, `@`) stays as it is: the file is for programs, too.
std::string csv_cell(const std::string& text);

/// A line of a CSV file, with its line feed.
std::string csv_line(const std::vector<std::string>& cells);

}  // namespace fovea
