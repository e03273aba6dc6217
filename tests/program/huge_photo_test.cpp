// Photos of hundreds of megapixels.

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "image_bytes.h"
#include "photo_program.h"

namespace fovea {
namespace {

using testing::HasSubstr;

using HugePhoto = PhotoProgram;

/// Available memory in bytes.
std::int64_t available_memory() {
  std::ifstream file("/proc/meminfo");
  for (std::string key, unit; file >> key;) {
    std::int64_t kibibytes = 0;
    file >> kibibytes;
    if (key == "MemAvailable:") return kibibytes * 1024;
    std::getline(file, unit);
  }
  return 0;
}

/// A black PNG of one bit per pixel, a few kilobytes of file for any size.
std::string black_png(std::uint32_t side) {
  const std::string rows(std::size_t{side} * (1 + (side + 7) / 8), '\0');  // a filter byte before each row
  uLongf length = compressBound(rows.size());
  std::string packed(length, '\0');
  compress(reinterpret_cast<Bytef*>(packed.data()), &length, reinterpret_cast<const Bytef*>(rows.data()), rows.size());
  packed.resize(length);
  const std::string header = encoded::big_endian(side, 4) + encoded::big_endian(side, 4) + encoded::bytes({1, 0, 0, 0, 0});
  return "\x89PNG\r\n\x1A\n" + encoded::png_chunk("IHDR", header) + encoded::png_chunk("IDAT", packed) +
         encoded::png_chunk("IEND", "");
}

TEST_F(HugePhoto, FourHundredMegapixelsAreRead) {
  if (available_memory() < std::int64_t{4} << 30) GTEST_SKIP() << "needs 4 GiB of free memory";
  write("huge.png", black_png(20'000));
  const Json predictions = json({"predict", "run", "huge.png"});
  ASSERT_EQ(predictions.size(), 1U);

  write("too_large.png", black_png(40'000));  // 1.6 Gigapixels, in 200 kB
  const Finished refused = run({"predict", "run", "too_large.png"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.error, HasSubstr("too_large.png: expected an image of at most 536870912 pixels, got 40000 x 40000"));
}

}  // namespace
}  // namespace fovea
