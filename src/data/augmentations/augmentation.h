#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fovea/base/random.h>
#include <fovea/image/image.h>
#include <fovea/image/resample.h>
#include <fovea/options/fields.h>

namespace fovea {

/// The value of a pixel, one entry per channel.
using Fill = std::vector<std::uint8_t>;

/// One kind of random change to training images. It is off while its first option is 0, the default of all of them. Every
/// hook is a pure function of its arguments and of the stream's draws, and leaves things alone unless overridden.
class Augmentation : public Options {
 public:
  virtual bool active() const = 0;

  /// Checks options against each other. @param where the section's place, for messages. @throws InputError.
  virtual void validate(const std::string& /*where*/) const {}

  /// Which part of a photo of height x width pixels becomes the input, in place of the whole; drawn before resizing.
  virtual std::optional<Window> window(int /*height*/, int /*width*/, RandomStream& /*stream*/) const {
    return std::nullopt;
  }

  /// Changes the prepared image [H, W, C]; its size stays. @param mean the pixel that normalisation turns into zeros.
  virtual void apply(Image& /*image*/, RandomStream& /*stream*/, const Fill& /*mean*/) const {}

  /// How often the augmentation mixes another sample's picture in. At most one of those that do is chosen for a sample, so
  /// that the probabilities of all sum to at most 1.
  virtual double mix_probability() const { return 0; }

  /// Mixes a picture of the same size and channels in. @return the image's own share of the mixture, in [0, 1].
  virtual double mix(Image& /*image*/, const Image& /*partner*/, RandomStream& /*stream*/) const { return 1; }
};

}  // namespace fovea
