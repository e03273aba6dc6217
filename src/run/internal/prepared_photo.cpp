#include <utility>

#include <fovea/image/decode.h>
#include <fovea/run/internal/prepared_photo.h>

namespace fovea {

PreparedPhoto prepare_photo(Image photo, const Preprocess& preprocess, int channels) {
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
