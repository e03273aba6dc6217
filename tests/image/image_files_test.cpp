#include <filesystem>
#include <string>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/image/decode.h>
#include <fovea/image/image_files.h>

#include "temporary_directory.h"
#include "unreadable_folder.h"

namespace fovea {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

TEST(HasImageExtensionTest, KnowsTheFormatsThatDecode) {
  for (const char* name : {"a.jpg",  "a.jpeg", "a.png",  "a.bmp",           "a.webp",
                           "a.tif",  "a.tiff", "a.pgm",  "a.ppm",           "A.JPG",
                           "a.jfif", "a.jpe",  "a.jif",  "a.mpo",           "a.dib",
                           "a.pbm",  "a.pnm",  "a.apng", "photo.of.me.PnG", "deep/in/a/folder/x.TIFF",
                           "/x.webp"}) {
    EXPECT_TRUE(has_image_extension(name)) << name;
  }
  for (const char* name :
       {"a", "a.txt", "jpg", ".jpg", "a.jpg.txt", "a.jpg/b", "a.jp", "a.", "", "a.jpg ", "a.gif", "a.heic"}) {
    EXPECT_FALSE(has_image_extension(name)) << name;
  }
}

TEST(ImageFilesTest, ListsInOrderAndInDepth) {
  const TemporaryDirectory folder;
  for (const char* name :
       {"b.png", "a.jpg", "nested/x.bmp", "nested/deeper/y.WEBP", "c d \xC3\xA9.tif", "10.pgm", "9.pgm"}) {
    folder.write(name, "");
  }
  EXPECT_THAT(image_files(folder.path()),
              ElementsAre("10.pgm", "9.pgm", "a.jpg", "b.png", "c d \xC3\xA9.tif", "nested/deeper/y.WEBP", "nested/x.bmp"));
  EXPECT_THAT(image_files(folder.path("nested") + "/"), ElementsAre("deeper/y.WEBP", "x.bmp"));
}

TEST(ImageFilesTest, LeavesOutWhatIsHiddenOrNoImage) {
  const TemporaryDirectory folder;
  for (const char* name : {"a.png", ".hidden.png", ".hidden/b.png", "notes.txt", "Thumbs.db", "a.png.json", "png"}) {
    folder.write(name, "");
  }
  EXPECT_THAT(image_files(folder.path()), ElementsAre("a.png"));
}

TEST(ImageFilesTest, ExpectsNothingOfAnEmptyFolder) {
  const TemporaryDirectory folder;
  EXPECT_THAT(image_files(folder.path()), IsEmpty());
}

TEST(ImageFilesTest, AFolderIsNoImageWhateverItsName) {
  const TemporaryDirectory folder;
  folder.write("album.jpg/a.png", "");
  ASSERT_EQ(::mkfifo(folder.path("pipe.png").c_str(), 0600), 0);
  EXPECT_THAT(image_files(folder.path()), ElementsAre("album.jpg/a.png"));
}

TEST(ImageFilesTest, LeavesOutWhatAnArchiveOfMacOsBrings) {
  const TemporaryDirectory folder;
  for (const char* name : {"a.png", "__MACOSX/a.png", "__MACOSX/._a.png", "album/.DS_Store", "album/Thumbs.db"}) {
    folder.write(name, "");
  }
  const ImageListing listing = list_images(folder.path());
  EXPECT_THAT(listing.images, ElementsAre("a.png"));
  EXPECT_THAT(listing.skipped, IsEmpty());
  EXPECT_THAT(subfolders(folder.path()), ElementsAre("album"));
}

TEST(ImageFilesTest, CountsTheKindsThatItSkips) {
  const TemporaryDirectory folder;
  for (const char* name : {"a.png", "b.gif", "album/c.GIF", "d.heic", "notes.txt", "README"}) folder.write(name, "");
  const ImageListing listing = list_images(folder.path());
  EXPECT_THAT(listing.images, ElementsAre("a.png"));
  EXPECT_THAT(listing.skipped, ElementsAre(Pair(".gif", 2), Pair(".heic", 1), Pair(".txt", 1), Pair("no extension", 1)));
  EXPECT_EQ(describe(listing.skipped), ".gif 2, .heic 1, .txt 1, no extension 1");
  EXPECT_EQ(describe(listing.skipped, 1), ".gif 2, and 3 more kinds");
  EXPECT_EQ(describe({}), "");
  EXPECT_EQ(count_images_in(folder.path()), 1);
}

TEST(ImageFilesTest, FollowsLinksToFilesAndFolders) {
  const TemporaryDirectory folder;
  folder.write("inside/a.png", "");
  folder.write("elsewhere.txt", "");
  folder.write("album/deep/c.png", "");
  std::filesystem::create_symlink(folder.path("elsewhere.txt"), folder.path("inside/b.png"));
  std::filesystem::create_directory_symlink(folder.path("album"), folder.path("inside/linked"));
  EXPECT_THAT(image_files(folder.path("inside")), ElementsAre("a.png", "b.png", "linked/deep/c.png"));

  std::filesystem::create_directory_symlink(folder.path("inside"), folder.path("link"));  // one that is asked for
  EXPECT_THAT(image_files(folder.path("link")), ElementsAre("a.png", "b.png", "linked/deep/c.png"));
}

TEST(ImageFilesTest, LinksNeverLeadInCircles) {
  const TemporaryDirectory folder;
  folder.write("inside/a.png", "");
  folder.write("inside/album/b.png", "");
  folder.write("other/c.png", "");
  std::filesystem::create_directory_symlink(folder.path(), folder.path("inside/around"));
  std::filesystem::create_directory_symlink(folder.path("inside"), folder.path("inside/album/up.png"));
  std::filesystem::create_directory_symlink(folder.path("inside/album"), folder.path("inside/twice"));
  std::filesystem::create_directory_symlink(folder.path("other"), folder.path("inside/other"));
  std::filesystem::create_directory_symlink(folder.path("inside"), folder.path("other/back"));
  const ImageListing listing = list_images(folder.path("inside"));
  EXPECT_THAT(listing.images, ElementsAre("a.png", "album/b.png", "other/c.png"));
  EXPECT_THAT(listing.skipped,
              ElementsAre(Pair("links to a folder above", 2), Pair("links to a folder that is listed already", 2)));
}

TEST(ImageFilesTest, ALinkThatLeadsNowhereIsNamedWhenItIsRead) {
  const TemporaryDirectory folder;
  std::filesystem::create_symlink(folder.path("gone.png"), folder.path("broken.png"));
  std::filesystem::create_symlink(folder.path("loop.png"), folder.path("loop.png"));
  ASSERT_THAT(image_files(folder.path()), ElementsAre("broken.png", "loop.png"));
  for (const std::string& name : image_files(folder.path())) {
    EXPECT_THAT([&] { decode_image_file(folder.path(name)); },
                ThrowsMessage<InputError>(StartsWith(folder.path(name) + ": expected a readable file, got ")));
  }
}

TEST(ImageFilesTest, NamesTheFolderThatIsMissing) {
  const TemporaryDirectory folder;
  EXPECT_THAT(
      [&] { image_files(folder.path("none")); },
      ThrowsMessage<InputError>(AllOf(StartsWith(folder.path("none") + ": expected a folder that can be listed, got "),
                                      HasSubstr("No such file or directory"))));
  EXPECT_THAT([&] { image_files(folder.write("a.png", "")); },
              ThrowsMessage<InputError>(AllOf(StartsWith(folder.path("a.png")), HasSubstr("Not a directory"))));
}

TEST(ImageFilesTest, NamesTheFolderThatMayNotBeRead) {
  const TemporaryDirectory folder;
  folder.write("album/private/a.png", "");
  const UnreadableFolder locked(folder.path(), folder.path("album/private"));
  if (!locked.works()) GTEST_SKIP() << "cannot become an ordinary user here";
  EXPECT_THAT(
      [&] { image_files(folder.path("album")); },
      ThrowsMessage<InputError>(AllOf(StartsWith(folder.path("album/private") + ": expected a folder that can be listed"),
                                      HasSubstr("Permission denied"))));
}

}  // namespace
}  // namespace fovea
