#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/datasets/internal/gzip.h>

#include "byte_builders.h"
#include "fuzz.h"
#include "memory_limit.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

constexpr std::size_t kEnough = 1 << 20;

ByteVector counting_bytes(std::size_t count) {
  ByteVector bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(i * i);
  return bytes;
}

TEST(GzipTest, ReadsPlainAndCompressedFiles) {
  const TemporaryDirectory folder;
  const ByteVector contents = counting_bytes(200000);
  folder.write("plain", contents);
  folder.write("compressed.gz", gzip_bytes(contents));
  folder.write("unnamed", gzip_bytes(contents));
  EXPECT_EQ(read_plain_or_gzip(folder.path("plain"), kEnough), contents);
  EXPECT_EQ(read_plain_or_gzip(folder.path("compressed.gz"), kEnough), contents);
  EXPECT_EQ(read_plain_or_gzip(folder.path("unnamed"), kEnough), contents);
}

TEST(GzipTest, PrefersThePlainFile) {
  const TemporaryDirectory folder;
  folder.write("a", "plain");
  folder.write("a.gz", gzip_bytes({'g', 'z'}));
  EXPECT_EQ(find_plain_or_gzip(folder.path("a")), folder.path("a"));
  folder.write("b.gz", gzip_bytes({'g', 'z'}));
  EXPECT_EQ(find_plain_or_gzip(folder.path("b")), folder.path("b.gz"));
}

TEST(GzipTest, JoinsSeveralMembers) {
  ByteVector two = gzip_bytes({1, 2});
  const ByteVector second = gzip_bytes({3});
  two.insert(two.end(), second.begin(), second.end());
  EXPECT_EQ(inflate_gzip(two, kEnough, "x"), (ByteVector{1, 2, 3}));
}

TEST(GzipTest, InflatesNothingToNothing) {
  EXPECT_TRUE(inflate_gzip(gzip_bytes({}), kEnough, "x").empty());
}

TEST(GzipTest, NamesBothFilesWhenNeitherExists) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("none");
  EXPECT_THAT([&] { find_plain_or_gzip(path); },
              ThrowsMessage<InputError>(StartsWith(path + ": expected this file or " + path + ".gz, got neither")));
}

TEST(GzipTest, RefusesEveryTruncation) {
  const ByteVector whole = gzip_bytes(counting_bytes(1000));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const ByteVector part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    ASSERT_THAT([&] { inflate_gzip(part, kEnough, "file.gz"); },
                ThrowsMessage<InputError>(StartsWith("file.gz: offset " + std::to_string(length) +
                                                     ": expected more gzip data, got the end of the file")));
  }
}

TEST(GzipTest, RefusesDamageAndTrailingBytes) {
  ByteVector damaged = gzip_bytes(counting_bytes(1000));
  damaged[damaged.size() - 6] ^= 1;  // in the checksum
  EXPECT_THAT(
      [&] { inflate_gzip(damaged, kEnough, "file.gz"); },
      ThrowsMessage<InputError>(AllOf(StartsWith("file.gz: offset "), HasSubstr("expected gzip data, got invalid data"))));
  ByteVector longer = gzip_bytes(counting_bytes(1000));
  longer.insert(longer.end(), {'j', 'u', 'n', 'k'});
  EXPECT_THAT([&] { inflate_gzip(longer, kEnough, "file.gz"); },
              ThrowsMessage<InputError>(HasSubstr("expected gzip data, got invalid data")));
}

TEST(GzipTest, LimitsWhatItInflates) {
  const ByteVector bomb = gzip_bytes(ByteVector(10 << 20));
  ASSERT_LT(bomb.size(), 20000U);
  EXPECT_EQ(inflate_gzip(bomb, 10 << 20, "bomb").size(), std::size_t{10} << 20);
  EXPECT_THAT([&] { inflate_gzip(bomb, (10 << 20) - 1, "bomb"); },
              ThrowsMessage<InputError>(StartsWith("bomb: expected at most 10485759 bytes when inflated, got more")));
  EXPECT_THROW(inflate_gzip(bomb, 100000, "bomb"), InputError);
}

TEST(GzipTest, TakesNoMoreMemoryThanASmallFileOfImagesNeeds) {
  if (!MemoryLimit::is_possible()) GTEST_SKIP() << "memory cannot be limited under a sanitizer";
  const ByteVector bomb = gzip_bytes(ByteVector(120 << 20));
  ASSERT_LT(bomb.size(), std::size_t{400} << 10);
  const MemoryLimit limit(rlim_t{110} << 20);
  EXPECT_THAT([&] { inflate_gzip(bomb, std::size_t{1} << 30, "bomb"); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("bytes when inflated, got more"), HasSubstr("right file"))));
}

TEST(GzipTest, ReadsTheStartOfAFileAlone) {
  const TemporaryDirectory folder;
  const ByteVector contents = counting_bytes(200000);
  const ByteVector start(contents.begin(), contents.begin() + 16);
  folder.write("plain", contents);
  ByteVector damaged = gzip_bytes(contents);
  damaged.resize(damaged.size() / 2);
  folder.write("damaged.gz", damaged);
  EXPECT_EQ(read_start_of_plain_or_gzip(folder.path("plain"), 16), start);
  EXPECT_EQ(read_start_of_plain_or_gzip(folder.path("damaged.gz"), 16), start);
  EXPECT_TRUE(read_start_of_plain_or_gzip(folder.path("none"), 16).empty());
}

TEST(GzipTest, RandomDamageOnlyThrowsInputErrors) {
  const FuzzLimits limits;
  std::mt19937 random(11);
  const ByteVector whole = gzip_bytes(counting_bytes(300));
  int refused = 0;
  for (int round = 0; round < 5000; ++round) {
    try {
      inflate_gzip(mutated(whole, random), kEnough, "x");
    } catch (const InputError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 4000);  // a change of the time stamp or of the system's name in the header is harmless
}

}  // namespace
}  // namespace fovea
