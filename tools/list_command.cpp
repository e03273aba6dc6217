#include <algorithm>
#include <cstddef>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/run/catalogue.h>
#include <fovea/run/catalogue_text.h>

#include "option_checks.h"
#include "program.h"

namespace fovea {
namespace {

struct ListArguments {
  std::string what;
  CatalogueFilter filter;
  std::int64_t size = 14;  ///< height and width of the features for the cost of blocks
  bool markdown = false;
  bool of_blocks = false;   ///< --width, --size or --markdown was given
  bool has_traits = false;  ///< a trait was given
};

/// @throws InputError for options that the listing does not use.
void expect_used(const ListArguments& arguments, const GlobalOptions& global) {
  if (arguments.of_blocks && arguments.what != "blocks") {
    throw InputError("fovea list --width, --size and --markdown", "blocks",
                     arguments.what.empty() ? "no listing" : "'" + arguments.what + "'");
  }
  if (arguments.markdown && global.json) throw InputError("fovea list", "--markdown or --json", "both");
  if (arguments.has_traits && (arguments.what.empty() || is_section(find_listing(arguments.what)))) {
    throw InputError("fovea list with a trait", "blocks or models", "'" + arguments.what + "'", "remove the trait");
  }
}

int list(const ListArguments& arguments, const GlobalOptions& global) {
  expect_used(arguments, global);
  if (arguments.what.empty()) {
    global.json ? print_json(json_list(listing_names())) : void(std::cout << listings_text());
    return kDone;
  }
  CatalogueFilter filter = arguments.filter;
  filter.features.height = filter.features.width = arguments.size;
  const CatalogueKind listing = find_listing(arguments.what);
  const std::vector<CatalogueRow> rows = catalogue(listing, filter);
  if (global.json) {
    print_json(json_list(rows));
  } else {
    std::cout << (arguments.markdown ? blocks_markdown(rows) : catalogue_text(rows, listing, filter));
  }
  return kDone;
}

/// Adds an option for a trait. @param wanted receives it. @param values all that it may be.
template <typename Trait, std::size_t kValues>
void add_filter(CLI::App& command, const char* option, std::optional<Trait>& wanted, const Trait (&values)[kValues]) {
  std::vector<std::string> words;
  for (const Trait value : values) words.emplace_back(to_string(value));
  const auto choose = [&wanted, &values](const std::string& word) {
    wanted = *std::find_if(std::begin(values), std::end(values), [&](Trait value) { return to_string(value) == word; });
  };
  command.add_option_function<std::string>(option, choose, "only rows with this trait")
      ->type_name("TRAIT")
      ->check(one_of(words));
}

}  // namespace

Action add_list_command(CLI::App& app) {
  auto arguments = std::make_shared<ListArguments>();
  CatalogueFilter& filter = arguments->filter;
  std::string listings;
  for (const ListingName& row : listing_names()) listings += (listings.empty() ? "" : ", ") + row.name;
  CLI::App* command =
      app.add_subcommand("list", "list blocks, models, data sets and others by name, and the keys of a configuration");
  command->add_option("what", arguments->what, listings + " (default: list these)")->type_name("WHAT");
  command->add_option("name", filter.name, "the only row to print, with every option; of train, data and preprocess a key")
      ->type_name("NAME");
  add_filter(*command, "--where", filter.where, kEveryWhere);
  add_filter(*command, "--selects", filter.selects, kEverySelects);
  add_filter(*command, "--query", filter.query, kEveryQuery);
  add_filter(*command, "--axis", filter.axis, kEveryAxis);
  command->add_option("--width", filter.features.channels, "channels of the features for the cost of blocks")
      ->type_name("C")
      ->check(integer_in({1, 4096}))
      ->capture_default_str();
  command
      ->add_option("--size", arguments->size,
                   "height and width of these features, rounded up to a multiple that a block needs")
      ->type_name("PIXELS")
      ->check(integer_in({1, 64}))
      ->capture_default_str();
  command->add_flag("--markdown", arguments->markdown, "print blocks as a Markdown table, as in src/attention/README.md");
  command->final_callback([arguments, command] {
    for (const char* name : {"--width", "--size", "--markdown"}) arguments->of_blocks |= command->count(name) > 0;
    for (const char* name : {"--where", "--selects", "--query", "--axis"}) arguments->has_traits |= command->count(name) > 0;
  });
  return [arguments](const GlobalOptions& global) { return list(*arguments, global); };
}

}  // namespace fovea
