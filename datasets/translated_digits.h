#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <fovea/config/named_options.h>
#include <fovea/data/dataset.h>
#include <fovea/datasets/digit_canvas.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Images of another data set, each somewhere on a larger canvas; see DigitCanvas.
class TranslatedDigitsOptions : public Options {
 public:
  TranslatedDigitsOptions();
  void visit_fields(FieldVisitor& fields) override;

  /// What is placed on the canvas.
  virtual CanvasLayout layout() const;

  NamedOptions<Options> source;          ///< a row of the registry that is held in memory, and its options
  std::vector<std::int64_t> canvas{60};  ///< side in pixels, or {height, width}
  std::int64_t test_seed = 0;  ///< of the canvases of validation and test; apart from `seed`, so that runs with other seeds
                               ///< share them
};

/// Likewise, among pieces of other images.
class ClutteredDigitsOptions : public TranslatedDigitsOptions {
 public:
  void visit_fields(FieldVisitor& fields) override;
  CanvasLayout layout() const override;

  std::int64_t clutter = 4;                   ///< pieces
  std::vector<std::int64_t> clutter_size{8};  ///< side of a piece in pixels, or {height, width}
};

/// Opens the source's split; clutter comes out of the same one.
/// @return nothing for a validation split, which no source has: it is split off the training set.
/// @throws InputError as the source does, and as DigitCanvas.
std::shared_ptr<const Dataset> open_translated_digits(const TranslatedDigitsOptions& options, Split split);

}  // namespace fovea
