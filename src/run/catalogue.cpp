#include <algorithm>
#include <utility>

#include <fovea/attention/registry.h>
#include <fovea/base/error.h>
#include <fovea/data/augmentations/registry.h>
#include <fovea/datasets/registry.h>
#include <fovea/explain/method.h>
#include <fovea/models/registry.h>
#include <fovea/run/catalogue.h>

namespace fovea {
namespace {

constexpr std::pair<const char*, Listing> kListings[] = {{"blocks", Listing::blocks},
                                                         {"models", Listing::models},
                                                         {"datasets", Listing::datasets},
                                                         {"augmentations", Listing::augmentations},
                                                         {"methods", Listing::methods}};

template <typename Trait>
Json names_of(const std::vector<Trait>& traits) {
  Json names = Json::array();
  for (const Trait trait : traits) names.push_back(to_string(trait));
  return names;
}

template <typename Trait>
bool has(const std::vector<Trait>& traits, std::optional<Trait> wanted) {
  return !wanted || std::find(traits.begin(), traits.end(), *wanted) != traits.end();
}

bool passes(const Traits& traits, const CatalogueFilter& filter) {
  return has(traits.where, filter.where) && has(traits.selects, filter.selects) && has(traits.query, filter.query) &&
         has(traits.axis, filter.axis);
}

BlockCost cost_of(const MechanismRow& row, const FeatureShape& features) {
  try {
    return {profile_block(row, features)};
  } catch (const InputError& error) {
    return {std::nullopt, error.what()};
  }
}

/// The largest block takes seconds, and a gigabyte. @throws InputError.
void expect_profile_budget(const FeatureShape& features) {
  constexpr std::int64_t kMostChannels = 4096;
  constexpr std::int64_t kMostValues = std::int64_t{1} << 20;
  const auto& [channels, height, width] = features;
  const bool fits = channels >= 1 && height >= 1 && width >= 1 && channels <= kMostChannels &&
                    height <= kMostValues / channels && width <= kMostValues / (channels * height);
  if (fits) return;
  throw InputError(
      "features",
      "1 to " + std::to_string(kMostChannels) + " channels and at most " + std::to_string(kMostValues) + " values",
      std::to_string(channels) + " x " + std::to_string(height) + " x " + std::to_string(width),
      "choose fewer channels or a smaller size; costs grow with their squares");
}

std::vector<CatalogueRow> list_blocks(const CatalogueFilter& filter) {
  expect_profile_budget(filter.features);
  std::vector<CatalogueRow> rows;
  for (const MechanismRow& row : mechanism_registry()) {
    if (!passes(row.traits, filter)) continue;  // before cost_of(), which takes time
    rows.push_back({.name = row.name,
                    .title = row.title,
                    .arxiv = row.arxiv,
                    .kind = row.kind(),
                    .traits = row.traits,
                    .options = describe_fields(*row.make_options()),
                    .summary = row.summary,
                    .at = row.insertion_kinds(),
                    .cost = cost_of(row, filter.features),
                    .reference = row.reference});
  }
  return rows;
}

std::vector<CatalogueRow> list_models() {
  std::vector<CatalogueRow> rows;
  for (const ModelRow& row : model_registry()) {
    rows.push_back({.name = row.name,
                    .title = row.title,
                    .arxiv = row.arxiv,
                    .kind = "model",
                    .traits = row.traits,
                    .options = describe_fields(*row.make_options()),
                    .attention = row.attention,
                    .photos = row.photos ? std::optional(preprocessing_of(*row.photos)) : std::nullopt});
  }
  return rows;
}

std::vector<CatalogueRow> list_datasets() {
  std::vector<CatalogueRow> rows;
  for (const DatasetRow& row : dataset_registry()) {
    rows.push_back({.name = row.name,
                    .title = row.title,
                    .arxiv = row.arxiv,
                    .kind = "dataset",
                    .options = describe_fields(*row.make_options()),
                    .reference = row.reference,
                    .licence = row.licence,
                    .size = row.size,
                    .obtain = row.obtain});
  }
  return rows;
}

std::vector<CatalogueRow> list_augmentations() {
  std::vector<CatalogueRow> rows;
  for (const AugmentationRow& row : augmentation_registry()) {
    rows.push_back({.name = row.name,
                    .title = row.title,
                    .arxiv = row.arxiv,
                    .kind = "augmentation",
                    .options = describe_fields(*row.make()),
                    .help = row.help});
  }
  return rows;
}

std::vector<CatalogueRow> list_methods() {
  std::vector<CatalogueRow> rows;
  for (const MethodRow& row : method_registry()) {
    rows.push_back({.name = row.name, .title = row.title, .arxiv = row.arxiv, .kind = "method", .help = row.help});
  }
  return rows;
}

std::vector<CatalogueRow> every_row(Listing listing, const CatalogueFilter& filter) {
  switch (listing) {
    case Listing::blocks:
      return list_blocks(filter);
    case Listing::models:
      return list_models();
    case Listing::datasets:
      return list_datasets();
    case Listing::augmentations:
      return list_augmentations();
    case Listing::methods:
      return list_methods();
  }
  throw Error("no such listing");
}

Json options_of(const CatalogueRow& row) {
  Json options = Json::array();
  for (const FieldDescription& field : row.options) options.push_back(to_json(field));
  return options;
}

Json to_json(const BlockCost& cost) {
  if (!cost.profile) return {{"features", nullptr}, {"parameters", nullptr}, {"macs", nullptr}, {"mismatch", cost.mismatch}};
  const FeatureShape& in = cost.profile->in;
  return {{"features", {in.channels, in.height, in.width}},
          {"parameters", cost.profile->parameters},
          {"macs", cost.profile->macs}};
}

}  // namespace

Listing find_listing(const std::string& name) {
  std::string known;
  for (const auto& [known_name, listing] : kListings) {
    if (name == known_name) return listing;
    known += (known.empty() ? "" : ", ") + std::string(known_name);
  }
  throw InputError("listing", "one of " + known, "'" + name + "'");
}

std::vector<CatalogueRow> catalogue(Listing listing, const CatalogueFilter& filter) {
  std::vector<CatalogueRow> rows = every_row(listing, filter);
  std::erase_if(rows, [&](const CatalogueRow& row) { return !passes(row.traits, filter); });
  return rows;
}

Json to_json(const Traits& traits) {
  return {{"where", names_of(traits.where)},
          {"selects", names_of(traits.selects)},
          {"query", names_of(traits.query)},
          {"axis", names_of(traits.axis)}};
}

Json to_json(const CatalogueRow& row) {
  Json document = {{"name", row.name}, {"title", row.title}, {"arxiv", row.arxiv}};
  if (row.kind == "dataset") {
    document.update({{"reference", row.reference}, {"licence", row.licence}, {"size", row.size}, {"obtain", row.obtain}});
  }
  if (!row.help.empty()) document["help"] = row.help;
  document.update({{"kind", row.kind}, {"traits", to_json(row.traits)}, {"options", options_of(row)}});
  if (row.kind == "model") {
    document["attention"] = row.attention;
    PreprocessOptions photos = row.photos.value_or(PreprocessOptions());
    document["photos"] = row.photos ? write_fields(photos) : Json(nullptr);
  }
  if (row.cost) {
    document.update({{"summary", row.summary}, {"reference", row.reference}, {"at", names_of(row.at)}});
    document.update(to_json(*row.cost));
  }
  return document;
}

}  // namespace fovea
