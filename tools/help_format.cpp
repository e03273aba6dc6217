#include "help_format.h"

#include <set>
#include <sstream>

#include <fovea/base/wrapped_text.h>

#include "option_checks.h"

namespace fovea {
namespace {

constexpr std::size_t kTerminalColumns = 80;
constexpr std::size_t kNameColumns = 26;

/// A description beside the column of names.
std::string beside_names(const std::string& text) {
  return wrapped_text(text, kTerminalColumns - kNameColumns);
}

}  // namespace

HelpFormat::HelpFormat() {
  column_width(kNameColumns);
  label("INT", "N");
  label("UINT", "N");
  label("FLOAT", "X");
  label("SUBCOMMAND", "COMMAND");
}

std::string HelpFormat::make_description(const CLI::App* app) const {
  return wrapped_text(app->get_description(), kTerminalColumns) + "\n";
}

std::string HelpFormat::make_subcommand(const CLI::App* command) const {
  std::ostringstream text;
  CLI::detail::format_help(text, command->get_name(), beside_names(command->get_description()), get_column_width());
  return text.str();
}

std::string HelpFormat::make_option_opts(const CLI::Option* option) const {
  if (option->get_items_expected_max() == 0) return "";  // a flag
  const bool repeats = option->get_expected_max() == CLI::detail::expected_max_vector_size;
  return " " + get_label(value_type(*option)) + (repeats ? " ..." : "");
}

std::string HelpFormat::make_option_desc(const CLI::Option* option) const {
  std::string text = option->get_description();
  if (const std::string checks = allowed_values(*option); !checks.empty()) text += "; " + checks;
  std::set<std::string> excluded;
  for (const CLI::Option* other : option->get_excludes()) excluded.insert(other->get_name());
  for (const std::string& name : excluded) text += (name == *excluded.begin() ? "; not with " : ", ") + name;
  if (!option->get_default_str().empty()) text += " (default: " + option->get_default_str() + ")";
  return beside_names(text);
}

}  // namespace fovea
