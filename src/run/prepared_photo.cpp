#include <utility>

#include <fovea/base/error.h>
#include <fovea/image/decode.h>
#include <fovea/run/prepared_photo.h>

namespace fovea {

PreparedPhoto prepare_photo(const std::string& path, const Preprocess& preprocess, int channels) {
  PreparedPhoto prepared;
  prepared.photo = decode_image_file(path);
  try {
    const Image input = preprocess(to_channels(prepared.photo, channels));
    prepared.geometry = preprocess.geometry(prepared.photo.height, prepared.photo.width);
    prepared.height = input.height;
    prepared.width = input.width;
    prepared.batch = collate({input}, {}, preprocess.normalization());
  } catch (const InputError& error) {
    throw InputError(path + ": " + error.what());
  }
  return prepared;
}

}  // namespace fovea
