#include <iomanip>

#include <fovea/run/internal/text_lines.h>

namespace fovea {

void TextLines::add(const std::string& label, const std::string& text) {
  add_line(padded(label, label_width_) + " " + text);
}

void TextLines::add_line(const std::string& line) {
  text_ << line << "\n";
}

std::string padded(const std::string& text, int width) {
  std::ostringstream out;
  out << std::left << std::setw(width) << text;
  return out.str();
}

}  // namespace fovea
