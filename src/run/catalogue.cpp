#include <algorithm>
#include <utility>

#include <fovea/attention/registry.h>
#include <fovea/base/error.h>
#include <fovea/data/augmentations/registry.h>
#include <fovea/datasets/registry.h>
#include <fovea/explain/method.h>
#include <fovea/models/registry.h>
#include <fovea/options/find_row.h>
#include <fovea/options/names.h>
#include <fovea/run/catalogue.h>
#include <fovea/run/internal/section_catalogue.h>

namespace fovea {
namespace {

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

bool is_wanted(const std::string& name, const CatalogueFilter& filter) {
  return filter.name.empty() || filter.name == name;
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
    if (!passes(row.traits, filter) || !is_wanted(row.name, filter)) continue;  // before cost_of(), which takes time
    rows.push_back({.name = row.name,
                    .title = row.title,
                    .arxiv = row.arxiv,
                    .kind = row.kind(),
                    .traits = row.traits,
                    .options = describe_fields(*row.make_options()),
                    .section = "model.attention",
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
    rows.push_back(
        {.name = row.name,
         .title = row.title,
         .arxiv = row.arxiv,
         .kind = "model",
         .traits = row.traits,
         .options = describe_fields(*row.make_options()),
         .section = "model",
         .attention = row.attention,
         .preprocessing = row.preprocessing ? std::optional(preprocessing_of(*row.preprocessing)) : std::nullopt});
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
                    .section = "data",
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
                    .section = "data.augment." + row.name,
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

/// @throws InputError unless the listing has a row of this name.
void expect_row(CatalogueKind listing, const std::string& name) {
  const std::string where = "fovea list NAME";
  switch (listing) {
    case CatalogueKind::blocks:
      find_mechanism(name, where);
      break;
    case CatalogueKind::models:
      find_model(name, where);
      break;
    case CatalogueKind::datasets:
      find_dataset(name, where);
      break;
    case CatalogueKind::augmentations:
      find_row(augmentation_registry(), name, where, "an augmentation", "augmentations");
      break;
    default:
      find_method(name, where);
  }
}

std::vector<CatalogueRow> every_row(CatalogueKind listing, const CatalogueFilter& filter) {
  switch (listing) {
    case CatalogueKind::blocks:
      return list_blocks(filter);
    case CatalogueKind::models:
      return list_models();
    case CatalogueKind::datasets:
      return list_datasets();
    case CatalogueKind::augmentations:
      return list_augmentations();
    case CatalogueKind::methods:
      return list_methods();
    case CatalogueKind::train:
      return train_section();
    case CatalogueKind::data:
      return data_section();
    case CatalogueKind::preprocess:
      return preprocess_section();
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

const std::vector<ListingName>& listing_names() {
  static const std::vector<ListingName> names{
      {CatalogueKind::blocks, "blocks", "attention mechanisms: traits, cost, options of model.attention"},
      {CatalogueKind::models, "models", "networks, with the options of model"},
      {CatalogueKind::datasets, "datasets", "data sets: licence, where to get them, options of data"},
      {CatalogueKind::augmentations, "augmentations", "options of data.augment"},
      {CatalogueKind::methods, "methods", "explanation methods of fovea overlay"},
      {CatalogueKind::train, "train", "every key of the section train of a configuration"},
      {CatalogueKind::data, "data", "every key of the section data"},
      {CatalogueKind::preprocess, "preprocess", "every key of the section preprocess"}};
  return names;
}

CatalogueKind find_listing(const std::string& name) {
  std::vector<std::string> names;
  for (const ListingName& row : listing_names()) {
    if (row.name == name) return row.listing;
    names.push_back(row.name);
  }
  const std::string suggested = suggested_name(name, names);
  throw InputError("fovea list", "one of " + join_names(names), "'" + name + "'",
                   suggested.empty() ? "" : "did you mean '" + suggested + "'?");
}

bool is_section(CatalogueKind listing) {
  return listing == CatalogueKind::train || listing == CatalogueKind::data || listing == CatalogueKind::preprocess;
}

std::vector<CatalogueRow> catalogue(CatalogueKind listing, const CatalogueFilter& filter) {
  if (!filter.name.empty() && !is_section(listing)) expect_row(listing, filter.name);
  std::vector<CatalogueRow> rows = every_row(listing, filter);
  if (is_section(listing)) return filter.name.empty() ? rows : matching_keys(std::move(rows), filter.name);
  std::erase_if(rows, [&](const CatalogueRow& row) { return !passes(row.traits, filter) || !is_wanted(row.name, filter); });
  return rows;
}

Json to_json(const ListingName& listing) {
  return {{"name", listing.name}, {"help", listing.help}};
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
    PreprocessOptions preprocessing = row.preprocessing.value_or(PreprocessOptions());
    document["preprocessing_defaults"] = row.preprocessing ? write_fields(preprocessing) : Json(nullptr);
  }
  if (row.cost) {
    document.update({{"summary", row.summary}, {"reference", row.reference}, {"at", names_of(row.at)}});
    document.update(to_json(*row.cost));
  }
  return document;
}

}  // namespace fovea
