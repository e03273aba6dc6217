#include <cstdint>
#include <filesystem>
#include <string>
#include <temporary_directory.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/weights/internal/open_file.h>
#include <fovea/weights/internal/zip_archive.h>

#include "torch_file_builders.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

TEST(OpenFileTest, BytesAreReadByPosition) {
  const TemporaryDirectory folder;
  const OpenFile file(folder.write("a", "0123456789"), "a file");
  EXPECT_EQ(file.size(), 10U);
  EXPECT_EQ(file.bytes(3, 2), (std::vector<std::uint8_t>{'3', '4'}));
  EXPECT_EQ(file.bytes(8, 100).size(), 2U);
  EXPECT_TRUE(file.bytes(10, 1).empty());
  EXPECT_TRUE(file.bytes(100, 1).empty());
}

TEST(OpenFileTest, AFileThatBecomesShorterIsAnErrorAtItsEnd) {
  const TemporaryDirectory folder;
  const std::string path = folder.write("a", std::string(100'000, 'x'));
  const OpenFile file(path, "a file");
  std::filesystem::resize_file(path, 5000);
  EXPECT_THAT([&] { file.bytes(0, 100'000); },
              ThrowsMessage<InputError>(path + ": offset 5000: expected 95000 more bytes, got the end of the file; it was "
                                               "truncated while it was read; read it again when it is complete"));
}

TEST(OpenFileTest, OnlyRegularFilesAreOpened) {
  const TemporaryDirectory folder;
  EXPECT_THAT([&] { OpenFile(folder.path("none"), "a file of weights"); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("expected a file of weights"), HasSubstr("No such file"))));
  EXPECT_THAT([&] { OpenFile(folder.path(), "a file"); }, ThrowsMessage<InputError>(HasSubstr("a folder or a device")));
  EXPECT_THAT([&] { OpenFile("/dev/zero", "a file"); }, ThrowsMessage<InputError>(HasSubstr("a folder or a device")));
}

TEST(ZipArchiveTest, AnArchiveThatBecomesShorterIsAnError) {
  const TemporaryDirectory folder;
  const std::string path =
      folder.write("a", zip_of({{"first", std::string(100, 'x')}, {"second", std::string(100'000, 'y')}}));
  const OpenFile file(path, "a file");
  const ZipArchive archive(file);
  std::filesystem::resize_file(path, 5000);
  std::vector<std::uint8_t> first(100), second(100'000);
  EXPECT_NO_THROW(archive.read("first", first));
  EXPECT_THAT([&] { archive.read("second", second); }, ThrowsMessage<InputError>(StartsWith(path + ": second: expected ")));
}

}  // namespace
}  // namespace fovea
