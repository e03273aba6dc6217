#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fovea/config/fields.h>
#include <fovea/data/loader.h>
#include <fovea/models/model_field.h>
#include <fovea/nn/initialise.h>

namespace fovea {

/// Small noisy images whose brightest quadrant is their class: learnable in seconds.
class QuadrantDataset final : public Dataset {
 public:
  explicit QuadrantDataset(std::int64_t size) : size_(size) {}

  std::int64_t size() const override { return size_; }
  Sample sample(std::int64_t index) const override {
    RandomStream stream(5, Purpose::test, {static_cast<std::uint64_t>(index)});
    Sample sample{Image(kSide, kSide, 1), label(index)};
    for (auto& pixel : sample.image.pixels) pixel = static_cast<std::uint8_t>(stream.below(96));
    const int top = sample.label < 2 ? 0 : kSide / 2;
    const int left = sample.label % 2 == 0 ? 0 : kSide / 2;
    for (int y = top; y < top + kSide / 2; ++y) {
      for (int x = left; x < left + kSide / 2; ++x)
        sample.image.at(y, x, 0) = static_cast<std::uint8_t>(120 + stream.below(96));
    }
    return sample;
  }
  std::int64_t label(std::int64_t index) const override { return index * 7 % 4; }
  const std::vector<std::string>& class_names() const override { return names_; }
  int channels() const override { return 1; }
  int height() const override { return kSide; }
  int width() const override { return kSide; }

 private:
  static constexpr int kSide = 8;
  std::int64_t size_;
  std::vector<std::string> names_{"top left", "top right", "bottom left", "bottom right"};
};

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
  return {std::make_shared<QuadrantDataset>(images), first_indices(images, 0),
          std::make_shared<const Preprocess>(preprocess), options};
}

inline std::string toy_model_text() {
  return "{name: resnet8, width: 4, attention: cbam}";
}

/// An uninitialised network of a fixed description.
inline std::shared_ptr<Classifier> toy_network() {
  ModelField model;
  model.read(parse_yaml(toy_model_text(), "test"), "model");
  return build_classifier(model, kToyInput);
}

}  // namespace fovea
