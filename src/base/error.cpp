#include <cctype>
#include <system_error>

#include <fovea/base/error.h>

namespace fovea {
namespace {

/// Names in foreign files may hold line breaks and terminal commands; a message is one printable line.
std::string one_line(const std::string& text) {
  std::string line;
  for (const char letter : text) line += std::iscntrl(static_cast<unsigned char>(letter)) != 0 ? '?' : letter;
  return line;
}

}  // namespace

InputError::InputError(const std::string& where, const std::string& expected, const std::string& got,
                       const std::string& advice)
    : Error(one_line(where + ": expected " + expected + ", got " + got + (advice.empty() ? "" : "; " + advice))) {}

std::string system_message(int error_number) {
  return std::generic_category().message(error_number);
}

}  // namespace fovea
