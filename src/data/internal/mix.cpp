#include <algorithm>
#include <string>

#include <fovea/base/error.h>
#include <fovea/data/internal/mix.h>
#include <fovea/image/size_text.h>

namespace fovea {
namespace {

/// Augmentation whose interval of [0, 1) contains a uniform draw; nullptr after the last.
const AugmentOptions::Part* chosen_mixing(const AugmentOptions& augment, double draw) {
  for (const auto& part : augment.parts()) {
    draw -= part.augmentation->mix_probability();
    if (draw < 0) return &part;
  }
  return nullptr;
}

/// Uniform draw from `count` indices without `own`.
std::size_t other_position(std::size_t own, std::size_t count, RandomStream& stream) {
  const std::size_t drawn = stream.below(count - 1);
  return drawn < own ? drawn : drawn + 1;
}

void expect_same_size(const Image& image, const Image& partner, const std::string& name) {
  if (image.height == partner.height && image.width == partner.width && image.channels == partner.channels) return;
  throw InputError("data.augment." + name, "images of one size (height x width x channels)",
                   shape_text(image) + " beside " + shape_text(partner), "set preprocess.resize and preprocess.crop");
}

}  // namespace

std::optional<MixedLabels> mix_batch(const AugmentOptions& augment, std::vector<Image>& images,
                                     const std::vector<std::int64_t>& labels, const std::vector<RandomStream>& streams) {
  const bool mixes = std::any_of(augment.parts().begin(), augment.parts().end(),
                                 [](const auto& part) { return part.augmentation->mix_probability() > 0; });
  if (!mixes || images.size() < 2) return std::nullopt;
  const std::vector<Image> originals = images;
  MixedLabels mixed{labels, std::vector<double>(images.size(), 1.0)};
  for (std::size_t n = 0; n < images.size(); ++n) {
    RandomStream draws = streams[n].child("mix");
    const auto* mixing = chosen_mixing(augment, draws.uniform());
    if (mixing == nullptr) continue;
    const std::size_t partner = other_position(n, images.size(), draws);
    expect_same_size(images[n], originals[partner], mixing->row->name);
    RandomStream mixing_draws = streams[n].child(mixing->row->name);
    mixed.lambda[n] = mixing->augmentation->mix(images[n], originals[partner], mixing_draws);
    mixed.other[n] = labels[partner];
  }
  return mixed;
}

}  // namespace fovea
