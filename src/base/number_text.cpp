#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdio>

#include <fovea/base/number_text.h>

namespace fovea {

std::string grouped_digits(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::ptrdiff_t first_digit = number < 0 ? 1 : 0;
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > first_digit; at -= 3) {
    text.insert(static_cast<std::size_t>(at), " ");
  }
  return text;
}

std::string number_text(double number) {
  char text[32];
  for (const int digits : {15, 16, 17}) {  // decimals of 15 digits survive a double, and 17 tell all doubles apart
    char* const end = std::to_chars(text, text + sizeof text, number, std::chars_format::general, digits).ptr;
    double read = 0;
    std::from_chars(text, end, read);
    if (read == number || digits == 17) return std::string(text, end);
  }
  return "";
}

std::string fixed_text(double number, int decimals) {
  const int length = std::snprintf(nullptr, 0, "%.*f", decimals, number);
  std::string text(static_cast<std::size_t>(length) + 1, '\0');
  std::snprintf(text.data(), text.size(), "%.*f", decimals, number);
  text.pop_back();  // the terminating zero
  return text;
}

std::string percent_text(double fraction, int decimals) {
  return fixed_text(100 * fraction, decimals) + " %";
}

std::string duration_text(double seconds) {
  const auto total = static_cast<long>(std::ceil(seconds));
  char text[64];
  if (total >= 3600) {
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", total / 3600, total / 60 % 60, total % 60);
  } else {
    std::snprintf(text, sizeof text, "%ld:%02ld", total / 60, total % 60);
  }
  return text;
}

}  // namespace fovea
