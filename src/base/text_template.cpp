#include <algorithm>

#include <fovea/base/text_template.h>

namespace fovea {

std::string with_values(const std::string& text, const std::vector<std::pair<std::string, std::string>>& values) {
  std::string result;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t mark = std::min(text.find('@', begin), text.size());
    result += text.substr(begin, mark - begin);
    if (mark == text.size()) break;
    const std::size_t end = text.find('@', mark + 1);
    const std::string name = end == std::string::npos ? "" : text.substr(mark + 1, end - mark - 1);
    const auto value = std::find_if(values.begin(), values.end(), [&](const auto& pair) { return pair.first == name; });
    const bool is_known = end != std::string::npos && value != values.end();
    result += is_known ? value->second : "@";
    begin = is_known ? end + 1 : mark + 1;
  }
  return result;
}

}  // namespace fovea
