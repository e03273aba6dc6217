#include <algorithm>
#include <atomic>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/base/file.h>

#include "small_disk.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

std::string text_of(const std::string& path) {
  const std::vector<std::uint8_t> bytes = read_file(path, 1 << 20);
  return {bytes.begin(), bytes.end()};
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

TEST(ReadFileTest, ReturnsEveryByte) {
  const TemporaryDirectory folder;
  std::string bytes(100000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  EXPECT_EQ(text_of(folder.write("a.bin", bytes)), bytes);
  EXPECT_EQ(text_of(folder.write("empty", "")), "");
}

TEST(ReadFileTest, AcceptsExactlyTheLimit) {
  const TemporaryDirectory folder;
  const std::string path = folder.write("a", "12345");
  EXPECT_EQ(read_file(path, 5).size(), 5U);
  EXPECT_THAT([&] { read_file(path, 4); },
              ThrowsMessage<InputError>(StartsWith(path + ": expected at most 4 bytes, got 5")));
}

TEST(ReadFileTest, ReadsAPipeAndLimitsIt) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto read_through_pipe = [&](std::size_t max_bytes) {
    std::jthread writer([&] { folder.write("pipe", std::string(1000, 'x')); });
    return read_file(path, max_bytes).size();
  };
  EXPECT_EQ(read_through_pipe(1000), 1000U);
  EXPECT_THAT([&] { read_through_pipe(999); }, ThrowsMessage<InputError>(HasSubstr("expected at most 999 bytes, got more")));
}

TEST(ReadFileTest, NamesWhatIsMissing) {
  const TemporaryDirectory folder;
  EXPECT_THAT([&] { read_file(folder.path("none"), 10); },
              ThrowsMessage<InputError>(
                  StartsWith(folder.path("none") + ": expected a readable file, got No such file or directory")));
  EXPECT_THAT([&] { read_file(folder.path(), 10); },
              ThrowsMessage<InputError>(StartsWith(folder.path() + ": expected a file, got a folder")));
}

TEST(WriteFileAtomicallyTest, CreatesAndReplaces) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("a.txt");
  write_file_atomically(path, "first");
  EXPECT_EQ(text_of(path), "first");
  write_file_atomically(path, [](FileWriter& file) {
    file.write("sec", 3);
    file.write(std::string_view("ond"));
    file.write(nullptr, 0);
  });
  EXPECT_EQ(text_of(path), "second");
  EXPECT_THAT(names_in(folder.path()), ElementsAre("a.txt"));
}

TEST(WriteFileAtomicallyTest, WritesIntoTheWorkingFolder) {
  const TemporaryDirectory folder;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  write_file_atomically("plain-name", "x");
  std::filesystem::current_path(before);
  EXPECT_THAT(names_in(folder.path()), ElementsAre("plain-name"));
}

TEST(WriteFileAtomicallyTest, AFullDiskLeavesTheOldFile) {
  const TemporaryDirectory folder;
  const std::string path = folder.write("model", "old");
  const std::string large(1 << 20, 'n');
  {
    const SmallDisk disk(1 << 16);
    EXPECT_THAT(
        [&] { write_file_atomically(path, large); },
        ThrowsMessage<SystemError>(AllOf(StartsWith(path + ": cannot write: File too large; raise the limit of file sizes"),
                                         HasSubstr("an older file of that name is untouched"))));
  }
  EXPECT_EQ(text_of(path), "old");
  EXPECT_THAT(names_in(folder.path()), ElementsAre("model"));
}

TEST(WriteFileAtomicallyTest, AThrowingWriterLeavesTheOldFile) {
  const TemporaryDirectory folder;
  const std::string path = folder.write("model", "old");
  const auto write_and_throw = [](FileWriter& file) {
    file.write("half of it");
    throw std::logic_error("stop");
  };
  EXPECT_THROW(write_file_atomically(path, write_and_throw), std::logic_error);
  EXPECT_EQ(text_of(path), "old");
  EXPECT_THAT(names_in(folder.path()), ElementsAre("model"));
}

TEST(WriteFileAtomicallyTest, RefusesWhatIsNoFile) {
  const TemporaryDirectory folder;
  EXPECT_THAT([&] { write_file_atomically(folder.path(), "x"); },
              ThrowsMessage<InputError>(StartsWith(folder.path() + ": expected the name of a file to write, got a folder")));
  EXPECT_THAT([] { write_file_atomically("/dev/null", "x"); }, ThrowsMessage<InputError>(HasSubstr("got a device or pipe")));
  EXPECT_THAT([&] { write_file_atomically(folder.path("no/such/folder"), "x"); },
              ThrowsMessage<SystemError>(HasSubstr("cannot write: No such file or directory; create its folder first")));
}

TEST(WriteFileAtomicallyTest, ReadersNeverSeeAPart) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("shared");
  const std::size_t length = 200000;
  write_file_atomically(path, std::string(length, 'a'));
  std::atomic<bool> done = false;
  std::jthread writer([&] {
    for (int round = 0; round < 20; ++round) write_file_atomically(path, std::string(length, round % 2 == 0 ? 'b' : 'a'));
    done = true;
  });
  while (!done) {
    const std::string seen = text_of(path);
    ASSERT_EQ(seen.size(), length);
    ASSERT_EQ(seen.find_first_not_of(seen.front()), std::string::npos);
  }
}

TEST(RemoveStaleTemporaryFilesTest, RemovesThoseOfProcessesThatHaveEnded) {
  const TemporaryDirectory folder;
  const std::string self = std::to_string(::getpid());
  folder.write(".fovea-" + self + "-1-0.tmp", "of process 1 of a container that was killed, as this one is too");
  folder.write(".fovea-999999999-1-0.tmp", "of no process");
  folder.write(".fovea-notes.tmp", "of a user");
  write_file_atomically(folder.path("a"), [&](FileWriter& file) {
    remove_stale_temporary_files(folder.path());
    EXPECT_EQ(names_in(folder.path()).size(), 2U) << "the file that is being written stays";
    file.write("x");
  });
  EXPECT_THAT(names_in(folder.path()), ElementsAre(".fovea-notes.tmp", "a"));
}

TEST(MakeDirectoriesTest, CreatesNestedFoldersOnce) {
  const TemporaryDirectory folder;
  make_directories(folder.path("a/b/c"));
  make_directories(folder.path("a/b/c"));
  EXPECT_TRUE(std::filesystem::is_directory(folder.path("a/b/c")));
}

TEST(MakeDirectoriesTest, RefusesAFileOnTheWay) {
  const TemporaryDirectory folder;
  folder.write("file", "x");
  EXPECT_THAT(
      [&] { make_directories(folder.path("file/below")); },
      ThrowsMessage<SystemError>(StartsWith(folder.path("file/below") + ": cannot create the folder: Not a directory")));
}

}  // namespace
}  // namespace fovea
