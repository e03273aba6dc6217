#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fovea/config/fields.h>
#include <fovea/data/loader.h>
#include <fovea/nn/initialise.h>

#include "made_samples.h"
#include "toy_network.h"

namespace fovea {

/// Small noisy images whose brightest quadrant is their class: learnable in seconds.
inline std::shared_ptr<const Dataset> quadrant_images(std::int64_t size) {
  constexpr int kSide = 8;
  const auto made = [](std::int64_t index) {
    RandomStream stream(5, Purpose::test, {static_cast<std::uint64_t>(index)});
    Sample sample{Image(kSide, kSide, 1), index * 7 % 4};
    for (auto& pixel : sample.image.pixels) pixel = static_cast<std::uint8_t>(stream.below(96));
    const int top = sample.label < 2 ? 0 : kSide / 2;
    const int left = sample.label % 2 == 0 ? 0 : kSide / 2;
    for (int y = top; y < top + kSide / 2; ++y) {
      for (int x = left; x < left + kSide / 2; ++x)
        sample.image.at(y, x, 0) = static_cast<std::uint8_t>(120 + stream.below(96));
    }
    return sample;
  };
  const std::vector<std::string> names{"top left", "top right", "bottom left", "bottom right"};
  return std::make_shared<MadeSamples>(size, Image(kSide, kSide, 1), names, made);
}

inline constexpr InputSpec kToyInput{1, 8, 8, 4};

inline Loader toy_loader(std::int64_t images, bool training, std::int64_t batch_size = 80) {
  PreprocessOptions preprocess;
  preprocess.mean = {0.4};
  preprocess.standard_deviation = {0.3};
  LoaderOptions options;
  options.batch_size = batch_size;
  options.training = training;
  options.seed = 3;
  read_fields(options.augment, parse_yaml("{pad_crop: 1}", "test"), "data.augment");
  return {quadrant_images(images), first_indices(images, 0), std::make_shared<const Preprocess>(preprocess), options};
}

inline std::shared_ptr<Classifier> toy_network() {
  return std::make_shared<ToyNetwork>();
}

}  // namespace fovea
