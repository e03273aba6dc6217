#pragma once

#include <sstream>
#include <string>

namespace fovea {

/// Lines of a report for the terminal, each with a label in a column of its own.
class TextLines {
 public:
  /// @param label_width characters of the first column.
  explicit TextLines(int label_width) : label_width_(label_width) {}

  /// A line "label   text"; with an empty label it continues the line above.
  void add(const std::string& label, const std::string& text);
  /// A line without a label.
  void add_line(const std::string& line);

  std::string text() const { return text_.str(); }

 private:
  int label_width_;
  std::ostringstream text_;
};

/// The text with spaces behind, up to this width.
std::string padded(const std::string& text, int width);

}  // namespace fovea
