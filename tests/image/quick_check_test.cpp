#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/image/encode.h>
#include <fovea/image/quick_check.h>

#include "file_text.h"
#include "image_bytes.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

std::string small_png() {
  return encoded::png(1, 2, 8, 0, encoded::bytes({0, 1, 2}));
}

TEST(QuickCheckTest, AcceptsWholeFilesOfEveryKind) {
  const TemporaryDirectory folder;
  const std::string jpeg = file_text(FOVEA_TEST_DATA "/images/cmyk.jpg");
  for (const std::string& bytes : {small_png(), jpeg, jpeg + std::string(4000, 'x'), std::string("P5 2 1 255\n12"),
                                   std::string("P1 2 1 01"), encoded::tiff(Image(2, 3, 1), 1)}) {
    EXPECT_NO_THROW(expect_complete_image_file(folder.write("image", bytes))) << bytes.substr(0, 4);
  }
}

TEST(QuickCheckTest, RefusesWhatIsIncompleteOrNoImage) {
  const TemporaryDirectory folder;
  const std::string jpeg = file_text(FOVEA_TEST_DATA "/images/cmyk.jpg");
  for (const std::string& bytes :
       {std::string(), std::string("text"), jpeg.substr(0, jpeg.size() / 2), small_png().substr(0, 50),
        std::string("P5 2 2 255\n123"), std::string("RIFF\x10\0\0\0WEBP", 12), std::string("GIF89a")}) {
    const std::string path = folder.write("image", bytes);
    EXPECT_THAT([&] { expect_complete_image_file(path); }, ThrowsMessage<InputError>(StartsWith(path + ": expected ")))
        << bytes.substr(0, 4);
  }
  EXPECT_THAT([&] { expect_complete_image_file(folder.path("gone.jpg")); },
              ThrowsMessage<InputError>(HasSubstr("No such file")));
  EXPECT_THROW(expect_complete_image_file(folder.path()), InputError);
}

}  // namespace
}  // namespace fovea
