#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include <fovea/attention/registry.h>
#include <fovea/base/error.h>
#include <fovea/data/augmentations/registry.h>
#include <fovea/datasets/registry.h>
#include <fovea/explain/method.h>
#include <fovea/models/registry.h>

#include "program.h"

namespace fovea {
namespace {

struct ListArguments {
  std::string what;
  std::map<std::string, std::string> filters;  ///< trait to value; empty = any
};

template <typename Trait>
Json names_of(const std::vector<Trait>& traits) {
  Json names = Json::array();
  for (const Trait trait : traits) names.push_back(to_string(trait));
  return names;
}

Json to_json(const Traits& traits) {
  return {{"where", names_of(traits.where)},
          {"selects", names_of(traits.selects)},
          {"asks", names_of(traits.asks)},
          {"axis", names_of(traits.axis)}};
}

template <typename Row>
Json describe_row(const Row& row, const char* kind) {
  return {{"name", row.name},
          {"title", row.title},
          {"arxiv", row.arxiv},
          {"kind", kind},
          {"traits", to_json(row.traits)},
          {"options", list_fields(*row.make_options())}};
}

Json describe_blocks() {
  Json rows = Json::array();
  for (const MechanismRow& row : mechanism_registry()) rows.push_back(describe_row(row, row.kind()));
  return rows;
}

Json describe_models() {
  Json rows = Json::array();
  for (const ModelRow& row : model_registry()) rows.push_back(describe_row(row, "model"));
  return rows;
}

Json describe_datasets() {
  Json rows = Json::array();
  for (const DatasetRow& row : dataset_registry()) {
    rows.push_back({{"name", row.name},
                    {"title", row.title},
                    {"arxiv", row.arxiv},
                    {"reference", row.reference},
                    {"licence", row.licence},
                    {"size", row.size},
                    {"obtain", row.obtain},
                    {"kind", "dataset"},
                    {"traits", to_json(Traits{})},
                    {"options", list_fields(*row.make_options())}});
  }
  return rows;
}

Json describe_augmentations() {
  Json rows = Json::array();
  for (const AugmentationRow& row : augmentation_registry()) {
    rows.push_back({{"name", row.name},
                    {"title", row.title},
                    {"arxiv", row.arxiv},
                    {"help", row.help},
                    {"kind", "augmentation"},
                    {"traits", to_json(Traits{})},
                    {"options", list_fields(*row.make())}});
  }
  return rows;
}

Json describe_methods() {
  Json rows = Json::array();
  for (const MethodRow& row : method_registry()) {
    rows.push_back({{"name", row.name},
                    {"title", row.title},
                    {"arxiv", row.arxiv},
                    {"help", row.help},
                    {"kind", "method"},
                    {"traits", to_json(Traits{})},
                    {"options", Json::array()}});
  }
  return rows;
}

/// What `fovea list` can show: one row each.
struct Listing {
  const char* name;
  Json (*describe)();
};

constexpr Listing kListings[] = {{"blocks", describe_blocks},
                                 {"models", describe_models},
                                 {"datasets", describe_datasets},
                                 {"augmentations", describe_augmentations},
                                 {"methods", describe_methods}};

const Listing& find_listing(const std::string& name) {
  for (const Listing& listing : kListings) {
    if (name == listing.name) return listing;
  }
  std::string known;
  for (const Listing& listing : kListings) known += (known.empty() ? "" : ", ") + std::string(listing.name);
  throw InputError("fovea list", "one of " + known, "'" + name + "'");
}

bool passes(const Json& row, const std::map<std::string, std::string>& filters) {
  return std::all_of(filters.begin(), filters.end(), [&](const auto& filter) {
    const Json& values = row["traits"][filter.first];
    return filter.second.empty() || std::find(values.begin(), values.end(), filter.second) != values.end();
  });
}

std::string joined(const Json& names) {
  std::string text;
  for (const Json& name : names) text += (text.empty() ? "" : "+") + name.get<std::string>();
  return text;
}

void print_row(const Json& row) {
  const auto text = [&](const char* key) { return row.contains(key) ? row[key].get<std::string>() : std::string(); };
  const std::string paper = text("arxiv").empty() ? text("reference") : "arXiv:" + text("arxiv");
  std::printf("%-20s %s%s\n", text("name").c_str(), text("title").c_str(),
              paper.empty() ? "" : (" (" + paper + ")").c_str());
  std::string facts = text("kind");
  for (const auto& [trait, names] : row["traits"].items()) {
    if (!names.empty()) facts += "; " + trait + ": " + joined(names);
  }
  if (row.contains("licence"))
    facts += "; " + text("size") + "; licence: " + text("licence") + "; get it: " + text("obtain");
  if (row.contains("help")) facts += "; " + text("help");
  std::printf("  %s\n", facts.c_str());
  for (const Json& option : row["options"]) {
    std::printf("    %-22s %-12s %s; %s\n", option["name"].get<std::string>().c_str(),
                (option["default"].is_string() ? option["default"].get<std::string>() : option["default"].dump()).c_str(),
                option["help"].get<std::string>().c_str(), option["allowed"].get<std::string>().c_str());
  }
  std::printf("\n");
}

int list(const ListArguments& arguments, const GlobalOptions& global) {
  Json rows = Json::array();
  for (Json& row : find_listing(arguments.what).describe()) {
    if (passes(row, arguments.filters)) rows.push_back(std::move(row));
  }
  if (global.json) {
    print_json(rows);
  } else {
    for (const Json& row : rows) print_row(row);
  }
  return kDone;
}

}  // namespace

Action add_list_command(CLI::App& app) {
  auto arguments = std::make_shared<ListArguments>();
  CLI::App* command = app.add_subcommand("list", "show what there is, with papers and options");
  command->add_option("what", arguments->what, "blocks, models, datasets, augmentations or methods")
      ->required()
      ->type_name("WHAT");
  const std::pair<const char*, std::vector<std::string>> traits[] = {
      {"where", {"location", "item"}},
      {"selects", {"soft", "hard"}},
      {"asks", {"self", "context"}},
      {"axis", {"channel", "spatial", "branch", "token", "region"}}};
  for (const auto& [trait, values] : traits) {
    command->add_option(std::string("--") + trait, arguments->filters[trait], "only rows with this trait")
        ->check(CLI::IsMember(values));
  }
  return [arguments](const GlobalOptions& global) { return list(*arguments, global); };
}

}  // namespace fovea
