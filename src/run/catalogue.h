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

/// Lists of what is available by name.
enum class Listing { blocks, models, datasets, augmentations, methods };

/// @throws InputError for an unknown name.
Listing find_listing(const std::string& name);

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
  std::string kind;  ///< gate, mixer, pool, warp, model, dataset, augmentation or method
  Traits traits = {};
  std::vector<FieldDescription> options = {};

  std::string help = {};                             ///< of augmentations and methods
  std::string summary = {};                          ///< of blocks
  std::vector<InsertionKind> at = {};                ///< of blocks: insertion points, the default first
  std::optional<BlockCost> cost = {};                ///< of blocks
  std::string reference = {};                        ///< of blocks and data sets: the paper, when it is not on arXiv
  std::string attention = {};                        ///< of models: the default
  std::optional<PreprocessOptions> photos = {};      ///< of models: preprocessing defaults of their published weights
  std::string licence = {}, size = {}, obtain = {};  ///< of data sets
};

// The values of each trait; to_string() has their words.
inline constexpr Where kEveryWhere[] = {Where::location, Where::item};
inline constexpr Selects kEverySelects[] = {Selects::soft, Selects::hard};
inline constexpr Query kEveryQuery[] = {Query::self, Query::context};
inline constexpr Axis kEveryAxis[] = {Axis::channel, Axis::spatial, Axis::branch, Axis::token, Axis::region};

/// Traits that every row must have; none = any.
struct CatalogueFilter {
  std::optional<Where> where = {};
  std::optional<Selects> selects = {};
  std::optional<Query> query = {};
  std::optional<Axis> axis = {};
  /// Shape of the features for the cost of blocks, of which each is built and run once: at most 4096 channels and 2^20
  /// values. Height and width are rounded up, see fitting_shape().
  FeatureShape features{64, 14, 14};
};

/// The rows of a listing, in the order of its registry.
std::vector<CatalogueRow> catalogue(Listing listing, const CatalogueFilter& filter = {});

/// {where, selects, query, axis}: a list of names each.
Json to_json(const Traits& traits);

/// A row of the document of `fovea list --json`, with the keys of its kind.
Json to_json(const CatalogueRow& row);

}  // namespace fovea
