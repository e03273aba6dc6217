#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <fovea/config/named_options.h>
#include <fovea/data/dataset.h>
#include <fovea/datasets/digit_canvas.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Options of a data set of canvases: images of another data set at random positions; see DigitCanvas.
class TranslatedDigitsOptions : public Options {
 public:
  TranslatedDigitsOptions();
  void visit_fields(FieldVisitor& fields) override;

  /// Layout of the canvas.
  virtual CanvasLayout layout() const;

  NamedOptions<Options> source;          ///< a row of the registry with `in_memory`, and its options
  std::vector<std::int64_t> canvas{60};  ///< side in pixels, or {height, width}
  std::int64_t test_seed = 0;  ///< of the canvases of validation and test; apart from `seed`, so that runs with other seeds
                               ///< share them
};

/// Likewise with clutter from pieces of other images.
class ClutteredDigitsOptions : public TranslatedDigitsOptions {
 public:
  void visit_fields(FieldVisitor& fields) override;
  CanvasLayout layout() const override;

  std::int64_t clutter = 4;                   ///< pieces
  std::vector<std::int64_t> clutter_size{8};  ///< side of a piece in pixels, or {height, width}
};

/// Opens a split of the source; clutter is from the same split.
/// @return nullptr for a validation split, which no source has; it is then split off the training set.
/// @throws InputError as the source does, and as DigitCanvas.
std::shared_ptr<const Dataset> open_translated_digits(const TranslatedDigitsOptions& options, Split split);

}  // namespace fovea
