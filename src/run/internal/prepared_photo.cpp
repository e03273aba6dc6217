#include <utility>

#include <fovea/base/error.h>
#include <fovea/image/decode.h>
#include <fovea/run/internal/prepared_photo.h>

namespace fovea {
namespace {

/// @throws InputError for a photo without pixels, or with another number of them than its size says.
void expect_valid(const Image& photo) {
  const std::string size =
      std::to_string(photo.height) + " x " + std::to_string(photo.width) + " x " + std::to_string(photo.channels);
  if (photo.height < 1 || photo.width < 1 || (photo.channels != 1 && photo.channels != 3)) {
    throw InputError("photo", "height and width of at least 1, and 1 or 3 channels", size);
  }
  const std::size_t values = static_cast<std::size_t>(photo.height) * static_cast<std::size_t>(photo.width) *
                             static_cast<std::size_t>(photo.channels);
  if (photo.pixels.size() == values) return;
  throw InputError("photo", std::to_string(values) + " values for " + size, std::to_string(photo.pixels.size()));
}

}  // namespace

void expect_classes(std::int64_t logits, const std::vector<std::string>& classes) {
  if (logits == std::ssize(classes)) return;
  throw InputError("Model", "a network of " + std::to_string(classes.size()) + " classes, as the description has",
                   "one of " + std::to_string(logits));
}

PreparedPhoto prepare_photo(Image photo, const Preprocess& preprocess, int channels) {
  expect_valid(photo);
  PreparedPhoto prepared;
  const Image input = preprocess(to_channels(photo, channels));
  prepared.geometry = preprocess.geometry(photo.height, photo.width);
  prepared.height = input.height;
  prepared.width = input.width;
  prepared.batch = collate_images({input}, {}, preprocess.normalization());
  prepared.photo = photo.channels == 3 ? std::move(photo) : to_channels(photo, 3);
  return prepared;
}

}  // namespace fovea
