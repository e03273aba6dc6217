#pragma once

#include <utility>

#include <fovea/base/error.h>
#include <fovea/run/model.h>
#include <fovea/run/photo_files.h>
#include <fovea/run/read_image.h>

namespace fovea {

/// Runs `work` on a photo for a model, whose path comes first in its errors.
template <typename Work>
auto with_photo(const NamedPhoto& image, const Model& model, Work work) {
  Image photo = read_image(image.path, model.description().decode);  // names the file itself
  try {
    return work(std::move(photo));
  } catch (const InputError& error) {
    throw InputError(image.path + ": " + error.what());
  }
}

}  // namespace fovea
