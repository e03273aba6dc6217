#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fovea/attention/insertion_point.h>
#include <fovea/attention/traits.h>
#include <fovea/config/fields.h>
#include <fovea/data/preprocess.h>
#include <fovea/run/block_profile.h>

namespace fovea {

/// Lists of what is available by name, and of the keys of a section of configurations.
enum class CatalogueKind { blocks, models, datasets, augmentations, methods, train, data, preprocess };

/// A listing's name, and what it lists in a few words.
struct ListingName {
  CatalogueKind listing;
  std::string name;
  std::string help;
};

/// Every listing, in the order of the help.
const std::vector<ListingName>& listing_names();

/// @throws InputError for an unknown name, with the nearest one.
CatalogueKind find_listing(const std::string& name);

/// True for the keys of a section.
bool is_section(CatalogueKind listing);

/// Kind of the row with the keys of a section itself.
inline constexpr const char* kSectionKind = "section";

/// Cost of a mechanism for features of one shape, or why it does not fit them.
struct BlockCost {
  std::optional<BlockProfile> profile;
  std::string mismatch = {};  ///< why it does not fit; empty when it does
};

/// One row of a listing. Fields that the listing does not have stay empty.
struct CatalogueRow {
  std::string name;
  std::string title;  ///< of the paper
  std::string arxiv;
  /// gate, mixer, pool, warp, model, dataset, augmentation or method; of sections kSectionKind, or the key that selects this
  /// row by its name, e.g. "train.optimizer"
  std::string kind;
  Traits traits = {};
  std::vector<FieldDescription> options = {};

  std::string section = {};  ///< of a configuration, where its options are set; empty where their names begin with it
  std::string help = {};     ///< of augmentations, methods and sections
  std::string summary = {};  ///< of blocks
  std::vector<InsertionKind> at = {};                   ///< of blocks: insertion points, the default first
  std::optional<BlockCost> cost = {};                   ///< of blocks
  std::string reference = {};                           ///< of blocks and data sets: the paper, when it is not on arXiv
  std::string attention = {};                           ///< of models: the default
  std::optional<PreprocessOptions> preprocessing = {};  ///< of models: preprocessing defaults of their published weights
  std::string licence = {}, size = {}, obtain = {};     ///< of data sets
};

// The values of each trait; to_string() has their words.
inline constexpr Where kEveryWhere[] = {Where::location, Where::item};
inline constexpr Selects kEverySelects[] = {Selects::soft, Selects::hard};
inline constexpr Query kEveryQuery[] = {Query::self, Query::context};
inline constexpr Axis kEveryAxis[] = {Axis::channel, Axis::spatial, Axis::branch, Axis::token, Axis::region};

/// Traits that every row must have; none = any.
struct CatalogueFilter {
  /// Of the only row; in a section also a key, a group of keys, or one of the names that a key selects. Empty: every row.
  std::string name = {};
  std::optional<Where> where = {};
  std::optional<Selects> selects = {};
  std::optional<Query> query = {};
  std::optional<Axis> axis = {};
  /// Shape of the features for the cost of blocks, of which each is built and run once: at most 4096 channels and 2^20
  /// values. Height and width are rounded up, see fitting_shape().
  FeatureShape features{64, 14, 14};
};

/// The rows of a listing, in the order of its registry. @throws InputError for a name that it does not have.
std::vector<CatalogueRow> catalogue(CatalogueKind listing, const CatalogueFilter& filter = {});

/// {name, help}: a row of `fovea list --json` alone.
Json to_json(const ListingName& listing);

/// {where, selects, query, axis}: a list of names each.
Json to_json(const Traits& traits);

/// A row of the document of `fovea list --json`, with the keys of its kind.
Json to_json(const CatalogueRow& row);

}  // namespace fovea
