#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fovea/datasets/registry.h>
#include <fovea/datasets/translated_digits.h>

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

/// Help for the field `source`.
const std::string& source_help() {
  static const std::string help = [] {
    std::vector<std::string> names;
    for (const auto& row : source_rows()) names.push_back(row.name);
    return "data set of images of one size, by name or as {name, and its options}: " + join_names(names);
  }();
  return help;
}

constexpr IntegerRange kCanvasSide{1, 16384};

}  // namespace

TranslatedDigitsOptions::TranslatedDigitsOptions() : source(source_rows()) {}

void TranslatedDigitsOptions::visit_fields(FieldVisitor& fields) {
  fields.custom("source", source, source_help().c_str());
  fields.integers("canvas", canvas, kCanvasSide, {1, 2}, "side in pixels, or [height, width]");
  fields.integer("test_seed", test_seed, kNonNegativeInteger, "seed of the canvases of validation and test");
}

CanvasLayout TranslatedDigitsOptions::layout() const {
  return {.height = static_cast<int>(canvas.front()), .width = static_cast<int>(canvas.back())};
}

void ClutteredDigitsOptions::visit_fields(FieldVisitor& fields) {
  TranslatedDigitsOptions::visit_fields(fields);
  fields.integer("clutter", clutter, {0, 4096}, "number of pieces of other images");
  fields.integers("clutter_size", clutter_size, kCanvasSide, {1, 2}, "side of a piece in pixels, or [height, width]");
}

CanvasLayout ClutteredDigitsOptions::layout() const {
  CanvasLayout layout = TranslatedDigitsOptions::layout();
  layout.pieces = static_cast<int>(clutter);
  layout.piece_height = static_cast<int>(clutter_size.front());
  layout.piece_width = static_cast<int>(clutter_size.back());
  return layout;
}

std::shared_ptr<const Dataset> open_translated_digits(const TranslatedDigitsOptions& options, Split split) {
  const DatasetRow& row = find_dataset(options.source.name(), "data.source");
  const std::shared_ptr<const Dataset> source = row.open(*options.source, split);
  if (source == nullptr) return nullptr;
  const RandomStream seeded(static_cast<std::uint64_t>(options.test_seed), Purpose::split,
                            {static_cast<std::uint64_t>(split)});
  return std::make_shared<DigitCanvas>(std::static_pointer_cast<const ArrayDataset>(source), options.layout(),
                                       seeded.child("canvas"));
}

}  // namespace fovea
