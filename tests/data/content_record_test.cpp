#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/data/content_record.h>

#include "made_samples.h"

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(ContentRecordTest, NoticesAnImageThatChanges) {
  std::uint8_t pixel = 1;
  bool readable = true;
  const auto made = [&](std::int64_t index) {
    if (!readable) throw InputError("photo", "an image", "other bytes");
    Sample sample{Image(2, 2, 1), 0};
    sample.image.at(1, 1, 0) = static_cast<std::uint8_t>(pixel + index);
    return sample;
  };
  const auto samples = std::make_shared<MadeSamples>(3, Image(2, 2, 1), std::vector<std::string>{"a"}, made);
  const auto record = std::make_shared<ContentRecord>(3);
  const auto dataset = recorded_dataset(samples, record);
  dataset->sample(0);
  dataset->training_sample(1, RandomStream(1, Purpose::test));
  EXPECT_NO_THROW(dataset->sample(1));
  EXPECT_TRUE(record->has(1));
  EXPECT_FALSE(record->has(2));
  pixel = 9;
  EXPECT_THAT([&] { dataset->sample(0); },
              ThrowsMessage<Error>(HasSubstr("image 0: expected the image that was read before, got another one; restore")));
  EXPECT_NO_THROW(dataset->sample(2));
  readable = false;
  try {
    dataset->sample(2);
    FAIL() << "an image that was readable";
  } catch (const InputError&) {
    FAIL() << "a data set that skips unreadable images would skip this one";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("got photo: expected an image, got other bytes; restore it"));
  }
}

TEST(ContentRecordTest, GoesOnInAnotherProcess) {
  ContentRecord record(2);
  Image image(1, 1, 1);
  EXPECT_TRUE(record.record(1, image));
  ContentRecord other(2);
  other.restore(record.hashes());
  EXPECT_FALSE(other.has(0));
  EXPECT_TRUE(other.record(1, image));
  image.at(0, 0, 0) = 1;
  EXPECT_FALSE(other.record(1, image));
}

}  // namespace
}  // namespace fovea
