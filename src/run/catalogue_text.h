#pragma once

#include <string>
#include <vector>

#include <fovea/run/catalogue.h>

namespace fovea {

/// Rows of a listing as text of at most 80 columns, but for longer words. Of networks and blocks each row is short, unless
/// the filter names it: then every option has its key in a configuration, its default, its range and a sentence.
std::string catalogue_text(const std::vector<CatalogueRow>& rows, CatalogueKind listing, const CatalogueFilter& filter);

/// The listings, each with a few words.
std::string listings_text();

/// The table of blocks in src/attention/README.md. @param rows of CatalogueKind::blocks.
std::string blocks_markdown(const std::vector<CatalogueRow>& rows);

}  // namespace fovea
