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

/// Pixel value, one entry per channel.
using PixelValue = std::vector<std::uint8_t>;

/// An augmentation of training images. It is off while its first option is 0, the default. Every member function is a pure
/// function of its arguments and of the stream's draws, and changes nothing unless overridden.
class Augmentation : public Options {
 public:
  virtual bool active() const = 0;

  /// @throws InputError when options exclude each other. @param where names the section in messages.
  virtual void expect_consistent(const std::string& /*where*/) const {}

  /// Window of a photo of height x width pixels that becomes the input, drawn before the resize; None for the whole photo.
  virtual std::optional<Window> window(int /*height*/, int /*width*/, RandomStream& /*stream*/) const {
    return std::nullopt;
  }

  /// Augments the preprocessed image [H, W, C] in place, without changing its size. @param mean pixel that normalisation
  /// maps to zero.
  virtual void apply(Image& /*image*/, RandomStream& /*stream*/, const PixelValue& /*mean*/) const {}

  /// Probability of mixing a sample with another one. At most one such augmentation applies to a sample, so the
  /// probabilities of all sum to at most 1.
  virtual double mix_probability() const { return 0; }

  /// Mixes a partner of the same size and channels into the image. @return lambda, the image's weight in [0, 1].
  virtual double mix(Image& /*image*/, const Image& /*partner*/, RandomStream& /*stream*/) const { return 1; }
};

}  // namespace fovea
