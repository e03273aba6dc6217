#include <algorithm>

#include <fovea/base/error.h>
#include <fovea/base/xxhash64.h>
#include <fovea/datasets/array_dataset.h>

namespace fovea {

ArrayDataset::ArrayDataset(ImageArray images, std::vector<std::uint8_t> labels, std::vector<std::string> class_names)
    : images_(std::move(images)), labels_(std::move(labels)), class_names_(std::move(class_names)) {
  if (images_.image_size() == 0 || images_.count() != labels_.size() ||
      images_.pixels.size() != labels_.size() * images_.image_size()) {
    throw InputError("ArrayDataset", "one image for each of " + std::to_string(labels_.size()) + " labels",
                     std::to_string(images_.pixels.size()) + " values in images of " + std::to_string(images_.image_size()));
  }
  const auto largest = std::max_element(labels_.begin(), labels_.end());
  if (largest != labels_.end() && *largest >= class_names_.size()) {
    throw InputError("ArrayDataset", "labels below " + std::to_string(class_names_.size()), std::to_string(*largest));
  }
}

Sample ArrayDataset::sample(std::int64_t index) const {
  Sample sample{Image(images_.height, images_.width, images_.channels), label(index)};
  std::copy_n(view(index).pixels, images_.image_size(), sample.image.pixels.data());
  return sample;
}

ImageView ArrayDataset::view(std::int64_t index) const {
  return {images_.height, images_.width, images_.channels,
          images_.pixels.data() + static_cast<std::size_t>(index) * images_.image_size()};
}

std::int64_t ArrayDataset::label(std::int64_t index) const {
  if (index < 0 || index >= size()) {
    throw InputError("ArrayDataset", "an index in [0, " + std::to_string(size()) + ")", std::to_string(index));
  }
  return labels_[static_cast<std::size_t>(index)];
}

std::uint64_t ArrayDataset::fingerprint(std::int64_t index) const {
  Xxhash64 hash;
  hash.absorb(label(index));
  hash.absorb({view(index).pixels, images_.image_size()});
  return hash.value();
}

}  // namespace fovea
