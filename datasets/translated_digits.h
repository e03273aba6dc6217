#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <fovea/config/named_options.h>
#include <fovea/data/dataset.h>
#include <fovea/datasets/digit_canvas.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Field for a data set of the registry with `in_memory`, and its options; MNIST by default.
NamedOptions<Options> digit_source_field();

/// Options of a data set of canvases: images of another data set at random positions; see DigitCanvas.
struct TranslatedDigitsOptions {
  NamedOptions<Options> source = digit_source_field();
  std::vector<std::int64_t> canvas{60};  ///< side in pixels, or {height, width}
  /// Seed of the canvases of validation and test; separate from `seed`, so that runs with other seeds share them.
  std::int64_t test_seed = 0;

  void visit_fields(FieldVisitor& fields);
};

/// Likewise with clutter from pieces of other images.
struct ClutteredDigitsOptions {
  TranslatedDigitsOptions digits = {};
  std::int64_t clutter = 4;                   ///< pieces
  std::vector<std::int64_t> clutter_size{8};  ///< side of a piece in pixels, or {height, width}

  void visit_fields(FieldVisitor& fields);
};

/// Opens a split of the source; clutter is from the same split.
/// @return nullptr for a validation split, which no source has; it is then split off the training set.
/// @throws InputError for an option out of its range, a source that is not in memory, as the source does, and as
/// DigitCanvas.
std::shared_ptr<const Dataset> open_translated_digits(const TranslatedDigitsOptions& options, Split split);
std::shared_ptr<const Dataset> open_cluttered_digits(const ClutteredDigitsOptions& options, Split split);

}  // namespace fovea
