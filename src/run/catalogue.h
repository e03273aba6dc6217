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

/// What there is to choose from, by name.
enum class Listing { blocks, models, datasets, augmentations, methods };

/// @throws InputError when there is no such listing.
Listing find_listing(const std::string& name);

/// The names of all listings.
std::vector<std::string> listing_names();

/// What a mechanism costs where features of one shape arrive.
struct BlockCost {
  std::optional<BlockProfile> profile;
  std::string mismatch = {};  ///< why it does not go there; empty when it does
};

/// One name of a listing. What a listing does not have stays empty.
struct CatalogueRow {
  std::string name;
  std::string title;  ///< of the paper
  std::string arxiv;
  std::string kind;  ///< gate, mixer, pool, warp, model, dataset, augmentation or method
  Traits traits = {};
  std::vector<FieldDescription> options = {};

  std::string help = {};                             ///< of augmentations and methods
  std::string summary = {};                          ///< of blocks
  std::vector<InsertionKind> at = {};                ///< of blocks: where they go, the default first
  std::optional<BlockCost> cost = {};                ///< of blocks
  std::string reference = {};                        ///< of blocks and data sets: the paper, when it is not on arXiv
  std::string attention = {};                        ///< of models: by default
  std::optional<PreprocessOptions> photos = {};      ///< of models: how their published weights expect photos
  std::string licence = {}, size = {}, obtain = {};  ///< of data sets
};

/// Which rows are wanted: those that have all of these traits; empty = any.
struct CatalogueFilter {
  std::string where = {}, selects = {}, query = {}, axis = {};
  /// Of the features that blocks are measured with; height and width are raised to what a block asks for.
  FeatureShape features{64, 14, 14};
};

/// The rows of a listing, in the order of its registry.
std::vector<CatalogueRow> catalogue(Listing listing, const CatalogueFilter& filter = {});

Json to_json(const Traits& traits);

/// A row of the document of `fovea list --json`, with the keys of its kind.
Json to_json(const CatalogueRow& row);

}  // namespace fovea
