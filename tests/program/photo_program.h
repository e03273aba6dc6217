#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include <fovea/base/random.h>

#include "program_fixture.h"

namespace fovea {

/// A photo as PPM: noise, and a bright square on the left (class 0) or on the right (class 1).
inline std::string square_photo(int height, int width, int label, std::uint64_t seed) {
  std::string bytes = "P6 " + std::to_string(width) + " " + std::to_string(height) + " 255\n";
  RandomStream stream(seed, Purpose::test);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool inside = std::abs(y - height / 2) < height / 6 && std::abs(x - (1 + 2 * label) * width / 4) < width / 6;
      for (int c = 0; c < 3; ++c) bytes.push_back(static_cast<char>(stream.below(60) + (inside ? 180 : 0)));
    }
  }
  return bytes;
}

/// A network trained on photos once for all tests, as `run`, and one more photo, `photo.ppm`.
class PhotoProgram : public ProgramTest {
 protected:
  static void SetUpTestSuite() {
    ProgramTest::SetUpTestSuite();
    write_squares("images/train", 40, 1);
    write_squares("images/test", 8, 1000);
    write("photos.yaml", config("images"));
    const Finished finished = run({"train", "photos.yaml", "--out", "run", "--quiet"});
    ASSERT_EQ(finished.code, 0) << finished.error;
    write("photo.ppm", square_photo(60, 97, 0, 77));
  }

  static std::string config(const std::string& root) {
    return "data: {name: image_folder, root: " + root +
           ", validation: 0.2, augment: {flip: 0.0}}\n"
           "preprocess: {resize: 16, crop: 16}\n"
           "model: {name: resnet8, width: 4, attention: [{name: cbam}, {name: se, at: stage, stages: [3]}]}\n"
           "train: {epochs: 2, batch_size: 32, optimizer: {name: adamw, learning_rate: 0.01}}\n";
  }

  /// `images` of each class in `folder`, of several sizes.
  static void write_squares(const std::string& folder, int images, std::uint64_t seed) {
    constexpr const char* kClassNames[] = {"left", "right"};
    for (int label = 0; label < 2; ++label) {
      for (int i = 0; i < images; ++i) {
        const int height = 20 + 3 * (i % 4);
        const int width = 24 + 5 * (i % 3);
        write(folder + "/" + kClassNames[label] + "/" + std::to_string(i) + ".ppm",
              square_photo(height, width, label, seed + static_cast<std::uint64_t>(2 * i + label)));
      }
    }
  }
};

}  // namespace fovea
