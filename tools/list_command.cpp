#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/run/catalogue.h>

#include "program.h"

namespace fovea {
namespace {

struct ListArguments {
  std::string what;
  CatalogueFilter filter;
  std::int64_t size = 14;  ///< height and width of the features for the cost of blocks
  bool markdown = false;
  bool of_blocks = false;  ///< --width, --size or --markdown was given
};

template <typename Trait>
std::string joined(const std::vector<Trait>& traits) {
  std::string text;
  for (const Trait trait : traits) text += (text.empty() ? "" : "+") + std::string(to_string(trait));
  return text;
}

/// "arXiv:1709.01507", or where else the paper is.
std::string paper_of(const CatalogueRow& row) {
  return row.arxiv.empty() ? row.reference : "arXiv:" + row.arxiv;
}

const char* name_of(Interpolation interpolation) {
  switch (interpolation) {
    case Interpolation::bilinear:
      return "bilinear";
    case Interpolation::bicubic:
      return "bicubic";
    case Interpolation::area:
      break;
  }
  return "area";
}

/// "photos: shorter side 256, centre crop 224, bilinear".
std::string photos_of(const PreprocessOptions& photos) {
  return "photos: shorter side " + std::to_string(photos.resize[0]) + ", centre crop " + std::to_string(photos.crop[0]) +
         ", " + name_of(photos.interpolation);
}

std::string value_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void print_options(const std::vector<FieldDescription>& options) {
  for (const FieldDescription& option : options) {
    std::printf("    %-22s %-12s %s; %s\n", option.name.c_str(), value_text(option.value).c_str(), option.help.c_str(),
                option.allowed.c_str());
  }
}

bool has_same_options(const CatalogueRow& one, const CatalogueRow& other) {
  const auto same = [](const FieldDescription& left, const FieldDescription& right) { return left.name == right.name; };
  return !one.options.empty() &&
         std::equal(one.options.begin(), one.options.end(), other.options.begin(), other.options.end(), same);
}

/// The options of a row of a family, whose first row was printed in full: only what is different.
void print_differences(const std::vector<FieldDescription>& options, const std::vector<FieldDescription>& first) {
  std::string differences;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (options[i].value == first[i].value) continue;
    differences += (differences.empty() ? "" : ", ") + options[i].name + " " + value_text(options[i].value);
  }
  std::printf("    options as above%s%s\n", differences.empty() ? "" : ", but ", differences.c_str());
}

/// "gate; where: item; selects: soft; at: block (or stage)".
std::string facts_of(const CatalogueRow& row) {
  std::string facts = row.kind;
  const std::pair<const char*, std::string> traits[] = {{"where", joined(row.traits.where)},
                                                        {"selects", joined(row.traits.selects)},
                                                        {"query", joined(row.traits.query)},
                                                        {"axis", joined(row.traits.axis)}};
  for (const auto& [trait, names] : traits) {
    if (!names.empty()) facts += std::string("; ") + trait + ": " + names;
  }
  if (!row.at.empty()) facts += std::string("; at: ") + to_string(row.at[0]);
  if (row.at.size() > 1) facts += std::string(" (or ") + to_string(row.at[1]) + ")";
  if (!row.licence.empty()) facts += "; " + row.size + "; licence: " + row.licence + "; get it: " + row.obtain;
  if (!row.help.empty()) facts += "; " + row.help;
  if (!row.attention.empty() && row.attention != "none") facts += "; attention: " + row.attention;
  if (row.photos) facts += "; " + photos_of(*row.photos);
  return facts;
}

void print_cost(const BlockCost& cost) {
  if (!cost.profile) {
    std::printf("  does not fit the features: %s\n", cost.mismatch.c_str());
    return;
  }
  const FeatureShape& at = cost.profile->in;
  std::printf("  %s parameters, %s multiply-adds with features [N, %lld, %lld, %lld]\n",
              grouped_digits(cost.profile->parameters).c_str(), grouped_digits(cost.profile->macs).c_str(),
              static_cast<long long>(at.channels), static_cast<long long>(at.height), static_cast<long long>(at.width));
}

/// @param family an earlier row with the same options; null = none.
void print_row(const CatalogueRow& row, const CatalogueRow* family) {
  const std::string paper = paper_of(row);
  std::printf("%-20s %s%s\n", row.name.c_str(), row.title.c_str(), paper.empty() ? "" : (" (" + paper + ")").c_str());
  if (row.cost) std::printf("  %s\n", row.summary.c_str());
  std::printf("  %s\n", facts_of(row).c_str());
  if (row.cost) print_cost(*row.cost);
  family == nullptr ? print_options(row.options) : print_differences(row.options, family->options);
  std::printf("\n");
}

void print_rows(const std::vector<CatalogueRow>& rows) {
  const CatalogueRow* family = nullptr;
  for (const CatalogueRow& row : rows) {
    const bool is_relative = family != nullptr && has_same_options(row, *family);
    print_row(row, is_relative ? family : nullptr);
    if (!is_relative) family = &row;
  }
  if (rows.empty()) std::printf("no row has all of these traits\n");
}

/// Options that a configuration may set for every block.
void print_common_options() {
  std::printf(
      "every block also takes  at: its insertion point (default: the first one above)\n"
      "                        stages: numbers of the stages to insert it into (default: all)\n"
      "every gate also takes   init: standard, or identity: start as the identity, e.g. in a trained network\n");
}

/// The table of blocks in src/attention/README.md.
void print_markdown(const std::vector<CatalogueRow>& rows) {
  std::printf("| name | | kind | where | query | axis | parameters | multiply-adds | paper |\n");
  std::printf("|---|---|---|---|---|---|---:|---:|---|\n");
  for (const CatalogueRow& row : rows) {
    const auto& profile = row.cost->profile;
    const std::string paper = row.arxiv.empty() ? row.title + ", " + row.reference
                                                : "[" + row.title + "](https://arxiv.org/abs/" + row.arxiv + ")";
    std::printf("| `%s` | %s | %s | %s | %s | %s | %s | %s | %s |\n", row.name.c_str(), row.summary.c_str(),
                row.kind.c_str(), joined(row.traits.where).c_str(), joined(row.traits.query).c_str(),
                joined(row.traits.axis).c_str(), profile ? grouped_digits(profile->parameters).c_str() : "",
                profile ? grouped_digits(profile->macs).c_str() : "", paper.c_str());
  }
}

int list(const ListArguments& arguments, const GlobalOptions& global) {
  if (arguments.of_blocks && arguments.what != "blocks") {
    throw InputError("fovea list --width, --size and --markdown", "blocks", "'" + arguments.what + "'");
  }
  if (arguments.markdown && global.json) throw InputError("fovea list", "--markdown or --json", "both");
  CatalogueFilter filter = arguments.filter;
  filter.features.height = filter.features.width = arguments.size;
  const std::vector<CatalogueRow> rows = catalogue(find_listing(arguments.what), filter);
  if (global.json) {
    print_json(json_list(rows));
  } else if (arguments.markdown) {
    print_markdown(rows);
  } else {
    print_rows(rows);
    if (arguments.what == "blocks") print_common_options();
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
  command.add_option_function<std::string>(option, choose, "list only rows with this trait")->check(CLI::IsMember(words));
}

}  // namespace

Action add_list_command(CLI::App& app) {
  auto arguments = std::make_shared<ListArguments>();
  CatalogueFilter& filter = arguments->filter;
  CLI::App* command = app.add_subcommand(
      "list", "list the available blocks, models, data sets, augmentations or methods, with papers and options");
  command->add_option("what", arguments->what, "blocks, models, datasets, augmentations or methods")
      ->required()
      ->type_name("WHAT");
  add_filter(*command, "--where", filter.where, kEveryWhere);
  add_filter(*command, "--selects", filter.selects, kEverySelects);
  add_filter(*command, "--query", filter.query, kEveryQuery);
  add_filter(*command, "--axis", filter.axis, kEveryAxis);
  command->add_option("--width", filter.features.channels, "channels of the features for the cost of blocks")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command
      ->add_option("--size", arguments->size,
                   "height and width of these features, rounded up to a multiple that a block needs")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_flag("--markdown", arguments->markdown, "print blocks as a Markdown table, as in src/attention/README.md");
  command->final_callback([arguments, command] {
    for (const char* name : {"--width", "--size", "--markdown"}) arguments->of_blocks |= command->count(name) > 0;
  });
  return [arguments](const GlobalOptions& global) { return list(*arguments, global); };
}

}  // namespace fovea
