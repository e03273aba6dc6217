#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/datasets/registry.h>
#include <fovea/datasets/translated_digits.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

/// Data sets that can be a source; MNIST, the default, first.
std::vector<NamedOptions<Options>::Row> source_rows() {
  std::vector<NamedOptions<Options>::Row> rows;
  for (const DatasetRow& row : dataset_registry()) {
    if (row.in_memory) rows.push_back({row.name, row.make_options});
  }
  std::stable_partition(rows.begin(), rows.end(), [](const auto& row) { return row.name == "mnist"; });
  return rows;
}

constexpr IntegerRange kCanvasSide{1, 16384};

CanvasLayout canvas_layout(const TranslatedDigitsOptions& options) {
  return {.height = static_cast<int>(options.canvas.front()), .width = static_cast<int>(options.canvas.back())};
}

std::shared_ptr<const ArrayDataset> open_source(const NamedOptions<Options>& source, Split split) {
  const std::shared_ptr<const Dataset> opened = find_dataset(source.name(), "data.source").open(*source, split);
  auto images = std::dynamic_pointer_cast<const ArrayDataset>(opened);
  if (opened != nullptr && images == nullptr) {
    throw InputError("data.source: " + source.name(), "an ArrayDataset, as in_memory of its row says",
                     "another kind of data set", "set in_memory of its row to false");
  }
  return images;
}

std::shared_ptr<const Dataset> open_canvases(const TranslatedDigitsOptions& options, const CanvasLayout& layout,
                                             Split split) {
  std::shared_ptr<const ArrayDataset> source = open_source(options.source, split);
  if (source == nullptr) return nullptr;
  const RandomStream seeded(static_cast<std::uint64_t>(options.test_seed), Purpose::split,
                            {static_cast<std::uint64_t>(split)});
  return std::make_shared<DigitCanvas>(std::move(source), layout, seeded.child("canvas"));
}

}  // namespace

NamedOptions<Options> digit_source_field() {
  return NamedOptions<Options>(source_rows());
}

void TranslatedDigitsOptions::visit_fields(FieldVisitor& fields) {
  fields.custom("source", source, "data set of images of one size");
  fields.integers("canvas", canvas, kCanvasSide, {1, 2}, "side in pixels, or [height, width]");
  fields.integer("test_seed", test_seed, kNonNegativeInteger, "seed of the canvases of validation and test");
}

void ClutteredDigitsOptions::visit_fields(FieldVisitor& fields) {
  digits.visit_fields(fields);
  fields.integer("clutter", clutter, {0, 4096}, "number of pieces of other images");
  fields.integers("clutter_size", clutter_size, kCanvasSide, {1, 2}, "side of a piece in pixels, or [height, width]");
}

std::shared_ptr<const Dataset> open_translated_digits(const TranslatedDigitsOptions& options, Split split) {
  expect_in_range(options, "data");
  return open_canvases(options, canvas_layout(options), split);
}

std::shared_ptr<const Dataset> open_cluttered_digits(const ClutteredDigitsOptions& options, Split split) {
  expect_in_range(options, "data");
  CanvasLayout layout = canvas_layout(options.digits);
  layout.pieces = static_cast<int>(options.clutter);
  layout.piece_height = static_cast<int>(options.clutter_size.front());
  layout.piece_width = static_cast<int>(options.clutter_size.back());
  return open_canvases(options.digits, layout, split);
}

}  // namespace fovea
