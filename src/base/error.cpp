#include <system_error>

#include <fovea/base/error.h>
#include <fovea/base/printable.h>
#include <fovea/base/utf8.h>

namespace fovea {
namespace {

std::string one_line(const std::string& text) {
  constexpr std::size_t kLongest = 1000;
  const std::string line = printable(std::string(truncated_utf8(text, kLongest)));
  return text.size() > kLongest ? line + "..." : line;
}

}  // namespace

Error::Error(const std::string& message) : std::runtime_error(one_line(message)) {}

InputError::InputError(const std::string& where, const std::string& expected, const std::string& got,
                       const std::string& advice)
    : Error(where + ": expected " + expected + ", got " + got + (advice.empty() ? "" : "; " + advice)) {}

std::string system_message(int error_number) {
  return std::generic_category().message(error_number);
}

}  // namespace fovea
