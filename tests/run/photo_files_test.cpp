#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/run/photo_files.h>

#include "temporary_directory.h"

namespace fovea {
namespace {

using testing::ElementsAre;

TEST(PhotoFilesTest, ACaptionTellsPhotosApart) {
  const TemporaryDirectory folder;
  for (const char* file : {"trip/rome/1.jpg", "trip/oslo/1.jpg", "other/oslo/1.jpg", "cat.jpg", "dog.jpg", "own/dog.jpg"}) {
    folder.write(file, "");
  }
  const auto captions = [&](const std::vector<std::string>& arguments) {
    std::vector<std::string> paths;
    for (const std::string& argument : arguments) paths.push_back(folder.path(argument));
    std::vector<std::string> found;
    for (const NamedPhoto& photo : expand_images(paths)) found.push_back(photo.caption);
    return found;
  };
  EXPECT_THAT(captions({"trip", "cat.jpg"}), ElementsAre("oslo/1.jpg", "rome/1.jpg", "cat.jpg"));
  EXPECT_THAT(captions({"trip", "other"}),
              ElementsAre(folder.path("trip/oslo/1.jpg"), "rome/1.jpg", folder.path("other/oslo/1.jpg")));
  EXPECT_THAT(captions({"dog.jpg", "own/dog.jpg"}), ElementsAre(folder.path("dog.jpg"), folder.path("own/dog.jpg")));
}

TEST(PhotoFilesTest, ReservedNamesAreChanged) {
  const TemporaryDirectory folder;
  for (const char* file : {"all/Split_test/1.jpg", "all/contact_sheet.jpg", "all/sub/contact_sheet.jpg", "all/test/1.jpg"}) {
    folder.write(file, "");
  }
  std::vector<std::string> names;
  for (const NamedPhoto& photo : expand_images({folder.path("all")}, "", {"contact_sheet", "split_"})) {
    names.push_back(photo.name);
  }
  EXPECT_THAT(names, ElementsAre("photo_Split_test/1", "photo_contact_sheet", "sub/contact_sheet", "test/1"));
}

}  // namespace
}  // namespace fovea
