#include <string>
#include <utility>
#include <vector>

#include <fovea/data/preprocess.h>
#include <fovea/draw/contact_sheet.h>
#include <fovea/run/preview.h>

namespace fovea {
namespace {

constexpr std::int64_t kPreviewImages = 8;
constexpr std::int64_t kPreviewEpochs = 7;

/// The pictures of one batch, with their labels.
std::pair<std::vector<Image>, std::vector<std::int64_t>> pictures(const Loader& loader, std::int64_t epoch) {
  const Batch batch = loader.batch(loader.indices(), epoch, 0);
  std::pair<std::vector<Image>, std::vector<std::int64_t>> made;
  for (std::int64_t n = 0; n < batch.size(); ++n) {
    made.first.push_back(to_image(batch.images.defined() ? batch.images[n] : batch.singles[static_cast<std::size_t>(n)]));
    made.second.push_back(batch.labels[n].item<std::int64_t>());
  }
  return made;
}

}  // namespace

Image preview(ExperimentData& data) {
  const auto [originals, labels] = pictures(data.preview_loader(kPreviewImages, /*augmented=*/false), 0);
  std::vector<std::vector<Image>> epochs;
  const Loader augmented = data.preview_loader(kPreviewImages, /*augmented=*/true);
  for (std::int64_t epoch = 0; epoch < kPreviewEpochs; ++epoch) epochs.push_back(pictures(augmented, epoch).first);

  const std::vector<std::string>& classes = data.classes(Split::train);
  std::vector<Tile> tiles;
  for (std::size_t row = 0; row < originals.size(); ++row) {
    tiles.push_back({originals[row], {classes[static_cast<std::size_t>(labels[row])]}, std::nullopt});
    for (std::size_t epoch = 0; epoch < epochs.size(); ++epoch) {
      tiles.push_back({epochs[epoch][row], {"epoch " + std::to_string(epoch + 1)}, std::nullopt});
    }
  }
  SheetOptions options;
  options.title = "Training images";
  options.columns = 1 + static_cast<int>(kPreviewEpochs);
  options.tile_side = 128;
  return contact_sheet(tiles, options);
}

Image preview(const Experiment& experiment, const Warn& warn) {
  ExperimentData data = experiment.data(warn);
  data.input();  // throws where training would
  return preview(data);
}

}  // namespace fovea
