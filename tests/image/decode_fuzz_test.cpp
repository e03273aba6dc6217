// Mutated image files of every format, within limits of memory and time.

#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/image/decode.h>
#include <fovea/image/quick_check.h>

#include "fuzz.h"
#include "image_bytes.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using encoded::bytes;
using encoded::png_chunk;

/// 8 rows and 16 columns, all of different values.
Image graded_picture() {
  Image picture(8, 16, 1);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) picture.pixels[i] = static_cast<std::uint8_t>(2 * i);
  return picture;
}

/// A PNG whose chunks have right checksums and mutated contents, which reach further than a mutated file.
std::string png_of_mutated_chunks(RandomStream& random) {
  const std::string whole = encoded::png(graded_picture(), 6);
  std::string file = whole.substr(0, 8);
  for (std::size_t at = 8; at + 12 <= whole.size();) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8U | static_cast<std::uint8_t>(whole[at + i]);
    std::string body = whole.substr(at + 8, length);
    if (!body.empty() && random.chance(0.5)) body = mutated_text(std::move(body), kBinaryTokens, random);
    file += png_chunk(whole.substr(at + 4, 4), body);
    at += 12 + length;
  }
  return file;
}

struct FuzzedFormat {
  const char* name;
  std::string file;
};

std::vector<FuzzedFormat> fuzzed_formats() {
  const Image picture = graded_picture();
  return {
      {"jpeg", encoded::jpeg(picture, 6)},
      {"png", encoded::png(picture, 6)},
      {"webp", encoded::webp(picture, 6)},
      {"animated.webp", encoded::animated_webp(10, 18, {picture, picture})},
      {"tiff", encoded::tiff(picture, 6)},
      {"bmp", encoded::bmp(8, 16, std::string(std::size_t{8} * 16 * 3, 'x'), {.bits = 24})},
      {"palette.bmp", encoded::bmp(4, 8, std::string(32, '\1'), {.bits = 8, .palette = bytes({9, 9, 9, 0, 1, 2, 3, 0})})},
      {"pgm", encoded::pnm(picture)},
      {"text.pgm", "P2\n# text\n4 2 255\n0 1 2 3 4 5 6 7\n"}};
}

/// Counts of what became of the mutated files.
struct Outcomes {
  int read = 0;
  int refused = 0;
};

void read_or_refuse(const std::string& path, Outcomes& outcomes) {
  const CpuTime time;
  try {
    expect_complete_image_file(path);
  } catch (const InputError& error) {  // decoding may be able to read it nevertheless, or to say more
    EXPECT_THAT(error.what(), testing::StartsWith(path + ": "));
  }
  try {
    const Image image = decode_image_file(path);
    EXPECT_EQ(image.pixels.size(), static_cast<std::size_t>(image.height) * static_cast<std::size_t>(image.width) * 3);
    ++outcomes.read;
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::StartsWith(path + ": "));
    ++outcomes.refused;
  } catch (const SystemError& error) {  // within the budget of decoding, beyond that of this test
    EXPECT_THAT(error.what(), testing::HasSubstr("memory"));
    ++outcomes.refused;
  } catch (const std::exception& error) {
    ADD_FAILURE() << path << ": " << error.what();
  }
  EXPECT_LT(time.seconds(), kSecondsOfInput);
}

TEST(DecodeFuzzTest, MutatedImagesAreReadOrRefusedWithinTimeAndMemory) {
  const FuzzLimits limits;
  const int iterations = fuzz_iterations(600);
  const TemporaryDirectory folder;
  for (const auto& [name, file] : fuzzed_formats()) {
    Outcomes outcomes;
    read_or_refuse(folder.write(name, file), outcomes);
    ASSERT_EQ(outcomes.read, 1) << name;
    for (int i = 0; i < iterations; ++i) {
      RandomStream random(4, Purpose::test, {static_cast<std::uint64_t>(i)});
      SCOPED_TRACE(name + std::string(", mutation ") + std::to_string(i));
      const std::string path = folder.write(std::to_string(i) + "." + name, name == std::string("png") && random.chance(0.7)
                                                                                ? png_of_mutated_chunks(random)
                                                                                : mutated_text(file, kBinaryTokens, random));
      read_or_refuse(path, outcomes);
      std::filesystem::remove(path);
    }
    EXPECT_GT(outcomes.read, 1 + iterations / 100) << name;
    EXPECT_GT(outcomes.refused, iterations / 100) << name;
  }
}

}  // namespace
}  // namespace fovea
