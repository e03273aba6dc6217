#include "usage_error.h"

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <fovea/options/names.h>

#include "option_checks.h"

namespace fovea {
namespace {

/// The program and the commands that were given, outermost first.
std::vector<const CLI::App*> given_commands(const CLI::App& app) {
  std::vector<const CLI::App*> commands{&app};
  for (auto given = app.get_subcommands(); !given.empty(); given = given.back()->get_subcommands()) {
    commands.push_back(given.back());
  }
  return commands;
}

/// "fovea bench glimpse".
std::string name_of(const std::vector<const CLI::App*>& commands) {
  std::string name;
  for (const CLI::App* command : commands) name += (name.empty() ? "" : " ") + command->get_name();
  return name;
}

std::vector<const CLI::Option*> options_of(const std::vector<const CLI::App*>& commands) {
  std::vector<const CLI::Option*> options;
  for (const CLI::App* command : commands) {
    for (const CLI::Option* option : command->get_options()) options.push_back(option);
  }
  return options;
}

std::vector<std::string> names_of_subcommands(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* subcommand : command.get_subcommands({})) names.push_back(subcommand->get_name());
  return names;
}

std::string did_you_mean(const std::string& name) {
  return "did you mean '" + name + "'?";
}

std::string see_help(const std::vector<const CLI::App*>& commands) {
  return "see " + name_of(commands) + " --help";
}

/// An argument that no command takes.
InputError unexpected_argument(const std::vector<const CLI::App*>& commands, const std::string& given) {
  if (given.starts_with('-')) {
    const std::string name = given.substr(0, given.find('='));
    std::vector<std::string> names;  // without dashes, which every option has
    for (const CLI::Option* option : options_of(commands)) {
      for (const std::string& known : option->get_lnames()) names.push_back(known);
    }
    const std::string suggested = suggested_name(name.substr(std::min(name.size(), name.find_first_not_of('-'))), names);
    return {name_of(commands), "an option of this command", "'" + name + "'",
            suggested.empty() ? see_help(commands) : did_you_mean("--" + suggested)};
  }
  const std::vector<std::string> names = names_of_subcommands(*commands.back());
  if (names.empty()) return {name_of(commands), "no further argument", "'" + given + "'", see_help(commands)};
  const std::string suggested = suggested_name(given, names);
  return {name_of(commands), "a command", "'" + given + "'",
          suggested.empty() ? "choose one of " + join_names(names) : did_you_mean(suggested)};
}

/// A command or an argument that is missing.
InputError missing_argument(const std::vector<const CLI::App*>& commands, const CLI::ParseError& error) {
  for (const CLI::Option* option : options_of(commands)) {
    if (!option->get_required() || option->count() > 0) continue;
    return {name_of(commands), value_type(*option) + " (" + option->get_description() + ")", "none", see_help(commands)};
  }
  const std::vector<std::string> names = names_of_subcommands(*commands.back());
  return names.empty() ? InputError(name_of(commands) + ": " + error.what())
                       : InputError(name_of(commands), "a command", "none", "choose one of " + join_names(names));
}

/// The option whose name is the first one in CLI11's message.
const CLI::Option* named_option(const std::vector<const CLI::App*>& commands, const std::string& message) {
  const std::vector<const CLI::Option*> options = options_of(commands);
  std::istringstream words(message);
  for (std::string word; words >> word;) {
    const std::string name = word.substr(0, word.find(':'));
    const auto has_name = [&](const CLI::Option* known) { return known->get_name() == name || known->check_lname(name); };
    const auto found = std::find_if(options.begin(), options.end(), has_name);
    if (found != options.end()) return *found;
  }
  return nullptr;
}

InputError wrong_number_of_values(const CLI::Option& option, const std::vector<const CLI::App*>& commands) {
  const std::string given = std::to_string(option.count());
  if (static_cast<int>(option.count()) > option.get_items_expected_max()) {
    const int wanted = option.get_items_expected_max();
    const std::string expected = wanted == 1 ? "one value" : std::to_string(wanted) + " values";
    return {option.get_name(), expected, given, "give the option once"};
  }
  const std::string got = option.count() == 0 ? "none" : option.count() == 1 ? "one value" : given + " values";
  return {option.get_name(), value_type(option), got, see_help(commands)};
}

/// Two options that exclude each other; none when there are no such two.
std::optional<InputError> excluded_options(const std::vector<const CLI::App*>& commands) {
  for (const CLI::Option* option : options_of(commands)) {
    for (const CLI::Option* other : option->get_excludes()) {
      if (option->count() == 0 || other->count() == 0) continue;
      const std::set<std::string> names{option->get_name(), other->get_name()};
      return InputError(name_of(commands), *names.begin() + " or " + *names.rbegin(), "both", "remove one of them");
    }
  }
  return std::nullopt;
}

}  // namespace

InputError usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<const CLI::App*> commands = given_commands(app);
  const std::string message = error.what();
  const std::vector<std::string> unexpected = app.remaining(/*recurse=*/true);
  const auto unknown =
      std::find_if(unexpected.begin(), unexpected.end(), [](const auto& text) { return text.starts_with('-'); });
  if (unknown != unexpected.end()) return unexpected_argument(commands, *unknown);
  if (!unexpected.empty()) return unexpected_argument(commands, unexpected.front());
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) return missing_argument(commands, error);
  if (const auto excluded = excluded_options(commands)) return *excluded;
  const CLI::Option* option = named_option(commands, message);
  if (option == nullptr) return InputError(name_of(commands) + ": " + message + "; " + see_help(commands));
  if (option->get_items_expected_max() == 0) return {option->get_name(), "no value", "one", "it is a flag"};
  if (dynamic_cast<const CLI::ValidationError*>(&error) != nullptr) return InputError(message);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) return wrong_number_of_values(*option, commands);
  const std::string& given = option->results().empty() ? message : option->results().front();
  return {option->get_name(), value_type(*option), "'" + given + "'", see_help(commands)};
}

}  // namespace fovea
