#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include <fovea/attention/registry.h>
#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/config/fields.h>
#include <fovea/data/augmentations/registry.h>
#include <fovea/datasets/registry.h>
#include <fovea/explain/method.h>
#include <fovea/models/registry.h>
#include <fovea/run/block_profile.h>

#include "program.h"

namespace fovea {
namespace {

struct ListArguments {
  std::string what;
  std::map<std::string, std::string> filters;  ///< trait to value; empty = any
  std::int64_t width = 64;                     ///< channels of the features that blocks are measured with
  std::int64_t size = 14;                      ///< height and width of those
  bool markdown = false;
  bool of_blocks = false;  ///< one of these three was given
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
          {"query", names_of(traits.query)},
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

bool passes(const Json& row, const std::map<std::string, std::string>& filters) {
  return std::all_of(filters.begin(), filters.end(), [&](const auto& filter) {
    const Json& values = row["traits"][filter.first];
    return filter.second.empty() || std::find(values.begin(), values.end(), filter.second) != values.end();
  });
}

/// What a block costs where the features of `arguments` arrive; why it does not go there, when it does not.
Json describe_cost(const MechanismRow& row, const ListArguments& arguments) {
  try {
    const BlockProfile profile = profile_block(row, {arguments.width, arguments.size, arguments.size});
    return {{"features", {profile.in.channels, profile.in.height, profile.in.width}},
            {"parameters", profile.parameters},
            {"macs", profile.macs}};
  } catch (const InputError& error) {
    return {{"features", nullptr}, {"parameters", nullptr}, {"macs", nullptr}, {"misfit", error.what()}};
  }
}

Json describe_blocks(const ListArguments& arguments) {
  Json rows = Json::array();
  for (const MechanismRow& row : mechanism_registry()) {
    Json described = describe_row(row, row.kind());
    described["summary"] = row.summary;
    described["reference"] = row.reference;
    described["at"] = Json::array();
    for (const InsertionKind kind : row.insertion_kinds()) described["at"].push_back(to_string(kind));
    if (!passes(described, arguments.filters)) continue;  // before what takes time
    described.update(describe_cost(row, arguments));
    rows.push_back(std::move(described));
  }
  return rows;
}

Json describe_models(const ListArguments&) {
  Json rows = Json::array();
  for (const ModelRow& row : model_registry()) {
    Json described = describe_row(row, "model");
    described["attention"] = row.attention;
    PreprocessOptions photos = row.photos ? preprocessing_of(*row.photos) : PreprocessOptions();
    described["photos"] = row.photos ? write_fields(photos) : Json(nullptr);
    rows.push_back(std::move(described));
  }
  return rows;
}

Json describe_datasets(const ListArguments&) {
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

Json describe_augmentations(const ListArguments&) {
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

Json describe_methods(const ListArguments&) {
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
  Json (*describe)(const ListArguments&);
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

/// "arXiv:1709.01507", or where else the paper is.
std::string paper_of(const Json& row) {
  const std::string arxiv = row.value("arxiv", "");
  return arxiv.empty() ? row.value("reference", "") : "arXiv:" + arxiv;
}

std::string joined(const Json& names) {
  std::string text;
  for (const Json& name : names) text += (text.empty() ? "" : "+") + name.get<std::string>();
  return text;
}

/// "photos: 256 to 224, bilinear".
std::string photos_of(const Json& photos) {
  return "photos: shorter side " + photos["resize"][0].dump() + ", its middle " + photos["crop"][0].dump() + ", " +
         photos["interpolation"].get<std::string>();
}

void print_options(const Json& options) {
  for (const Json& option : options) {
    std::printf("    %-22s %-12s %s; %s\n", option["name"].get<std::string>().c_str(),
                (option["default"].is_string() ? option["default"].get<std::string>() : option["default"].dump()).c_str(),
                option["help"].get<std::string>().c_str(), option["allowed"].get<std::string>().c_str());
  }
}

bool has_same_options(const Json& one, const Json& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const Json& left, const Json& right) { return left["name"] == right["name"]; });
}

/// The options of a row of a family, whose first row was printed in full: only what is different.
void print_differences(const Json& options, const Json& first) {
  std::string differences;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (options[i]["default"] == first[i]["default"]) continue;
    const Json& value = options[i]["default"];
    differences += (differences.empty() ? "" : ", ") + options[i]["name"].get<std::string>() + " " +
                   (value.is_string() ? value.get<std::string>() : value.dump());
  }
  std::printf("    options as above%s%s\n", differences.empty() ? "" : ", but ", differences.c_str());
}

/// @param family the row before whose options are the same ones; null = there is none.
void print_row(const Json& row, const Json& family) {
  const auto text = [&](const char* key) { return row.contains(key) ? row[key].get<std::string>() : std::string(); };
  const std::string paper = paper_of(row);
  std::printf("%-20s %s%s\n", text("name").c_str(), text("title").c_str(),
              paper.empty() ? "" : (" (" + paper + ")").c_str());
  if (row.contains("summary")) std::printf("  %s\n", text("summary").c_str());
  std::string facts = text("kind");
  for (const auto& [trait, names] : row["traits"].items()) {
    if (!names.empty()) facts += "; " + trait + ": " + joined(names);
  }
  if (row.contains("at")) {
    facts += "; at: " + row["at"][0].get<std::string>();
    if (row["at"].size() > 1) facts += " (or " + row["at"][1].get<std::string>() + ")";
  }
  if (row.contains("licence"))
    facts += "; " + text("size") + "; licence: " + text("licence") + "; get it: " + text("obtain");
  if (row.contains("help")) facts += "; " + text("help");
  if (row.contains("attention") && row["attention"] != "none") facts += "; attention: " + text("attention");
  if (row.contains("photos") && !row["photos"].is_null()) facts += "; " + photos_of(row["photos"]);
  std::printf("  %s\n", facts.c_str());
  if (row.contains("misfit")) {
    std::printf("  not with such features: %s\n", row["misfit"].get<std::string>().c_str());
  } else if (row.contains("macs")) {
    const Json& at = row["features"];
    std::printf("  %s parameters, %s multiply-adds with features [N, %s, %s, %s]\n",
                grouped(row["parameters"].get<std::int64_t>()).c_str(), grouped(row["macs"].get<std::int64_t>()).c_str(),
                at[0].dump().c_str(), at[1].dump().c_str(), at[2].dump().c_str());
  }
  family.is_null() ? print_options(row["options"]) : print_differences(row["options"], family["options"]);
  std::printf("\n");
}

/// What a configuration may say of every block.
void print_common_options() {
  std::printf(
      "every block also takes  at: where in the network (each block's first place above by default)\n"
      "                        stages: numbers of the stages to go into (all by default)\n"
      "every gate also takes   init: standard, or identity: start by changing nothing, to join a trained network\n");
}

/// The table of blocks in README.md.
void print_markdown(const Json& rows) {
  std::printf("| name | | kind | where | query | axis | parameters | multiply-adds | paper |\n");
  std::printf("|---|---|---|---|---|---|---:|---:|---|\n");
  for (const Json& row : rows) {
    const Json& traits = row["traits"];
    const auto text = [&](const char* key) { return row[key].get<std::string>(); };
    const auto number = [&](const char* key) {
      return row[key].is_null() ? std::string() : grouped(row[key].get<std::int64_t>());
    };
    const std::string title = text("title"), arxiv = text("arxiv");
    const std::string paper =
        arxiv.empty() ? title + ", " + text("reference") : "[" + title + "](https://arxiv.org/abs/" + arxiv + ")";
    std::printf("| `%s` | %s | %s | %s | %s | %s | %s | %s | %s |\n", text("name").c_str(), text("summary").c_str(),
                text("kind").c_str(), joined(traits["where"]).c_str(), joined(traits["query"]).c_str(),
                joined(traits["axis"]).c_str(), number("parameters").c_str(), number("macs").c_str(), paper.c_str());
  }
}

int list(const ListArguments& arguments, const GlobalOptions& global) {
  if (arguments.of_blocks && arguments.what != "blocks") {
    throw InputError("fovea list --width, --size and --markdown", "blocks", "'" + arguments.what + "'");
  }
  if (arguments.markdown && global.json) throw InputError("fovea list", "--markdown or --json", "both");
  Json rows = Json::array();
  for (Json& row : find_listing(arguments.what).describe(arguments)) {
    if (passes(row, arguments.filters)) rows.push_back(std::move(row));
  }
  if (global.json) {
    print_json(rows);
  } else if (arguments.markdown) {
    print_markdown(rows);
  } else {
    Json family;
    for (const Json& row : rows) {
      if (family.is_null() || row["options"].empty() || !has_same_options(row["options"], family["options"])) {
        print_row(row, nullptr);
        family = row;
      } else {
        print_row(row, family);
      }
    }
    if (arguments.what == "blocks") print_common_options();
    if (rows.empty()) std::printf("nothing has all of these traits\n");
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
      {"query", {"self", "context"}},
      {"axis", {"channel", "spatial", "branch", "token", "region"}}};
  for (const auto& [trait, values] : traits) {
    command->add_option(std::string("--") + trait, arguments->filters[trait], "only rows with this trait")
        ->check(CLI::IsMember(values));
  }
  command->add_option("--width", arguments->width, "channels of the features that blocks are measured with")
      ->check(CLI::Range(1, 1 << 14))
      ->capture_default_str();
  command->add_option("--size", arguments->size, "their height and width, raised to what a block asks for")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_flag("--markdown", arguments->markdown, "blocks as a table in Markdown, as in README.md");
  command->final_callback([arguments, command] {
    for (const char* name : {"--width", "--size", "--markdown"}) arguments->of_blocks |= command->count(name) > 0;
  });
  return [arguments](const GlobalOptions& global) { return list(*arguments, global); };
}

}  // namespace fovea
