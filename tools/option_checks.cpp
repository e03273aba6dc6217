#include "option_checks.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/home_path.h>
#include <fovea/options/names.h>

namespace fovea {
namespace {

template <typename Number, typename Range>
CLI::Validator number_check(Range range) {
  const auto check = [range](const std::string& text) {
    Number number{};
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    const bool fits = error == std::errc() && rest == end && contains(range, number);
    return fits ? std::string() : "expected " + describe(range) + ", got '" + text + "'";
  };
  return {check, describe(range)};
}

}  // namespace

CLI::Validator integer_in(IntegerRange range) {
  return number_check<std::int64_t>(range);
}

CLI::Validator number_in(RealRange range) {
  return number_check<double>(range);
}

CLI::Validator one_of(std::vector<std::string> words) {
  const std::string allowed = "one of " + join_names(words);
  const auto check = [words = std::move(words), allowed](const std::string& text) -> std::string {
    if (std::find(words.begin(), words.end(), text) != words.end()) return "";
    const std::string suggested = suggested_name(text, words);
    return "expected " + allowed + ", got '" + text + "'" + (suggested.empty() ? "" : "; did you mean '" + suggested + "'?");
  };
  return {check, allowed};
}

CLI::Validator home_path() {
  const auto expand = [](std::string& path) -> std::string {
    try {
      path = expand_home(path);
      return "";
    } catch (const InputError& error) {
      return error.what();
    }
  };
  return {expand, ""};
}

// CLI11 writes the type of a value, then a colon and the descriptions of its checks.

std::string value_type(const CLI::Option& option) {
  const std::string text = option.get_type_name();
  return text.substr(0, text.find(':'));
}

std::string allowed_values(const CLI::Option& option) {
  const std::string text = option.get_type_name();
  const std::size_t colon = text.find(':');
  return colon == std::string::npos ? "" : text.substr(colon + 1);
}

}  // namespace fovea
