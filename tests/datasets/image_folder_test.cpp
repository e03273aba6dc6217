#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/datasets/image_folder.h>

#include "image_bytes.h"
#include "labels_in.h"
#include "temporary_directory.h"
#include "unreadable_folder.h"

namespace fovea {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

/// A grey image whose pixels all have one value.
std::string plain_picture(int value, int height = 2, int width = 3) {
  Image image(height, width, 1);
  image.pixels.assign(image.pixels.size(), static_cast<std::uint8_t>(value));
  return encoded::pnm(image);
}

void write_pictures(const TemporaryDirectory& folder, std::initializer_list<const char*> names) {
  for (int value = 0; const char* name : names) folder.write(name, plain_picture(++value));
}

/// Files `<class>/<number>.pgm`, numbers from 100 on.
void write_numbered(const TemporaryDirectory& folder, const std::string& class_name, int count) {
  for (int i = 0; i < count; ++i) folder.write(class_name + "/" + std::to_string(100 + i) + ".pgm", plain_picture(i));
}

/// Options of a folder that may have a single class. @param more further options, e.g. "test: 0.5".
ImageFolderOptions image_folder_options(const std::string& root, const std::string& more = "") {
  ImageFolderOptions options;
  options.allow_single_class = true;
  read_fields(options, parse_yaml("{root: '" + root + "', " + more + "}", "a.yaml"), "data");
  return options;
}

std::shared_ptr<const Dataset> open_pictures(const TemporaryDirectory& folder, Split split, const std::string& more = "") {
  return open_image_folder(image_folder_options(folder.path(), more), split);
}

/// The files of a data set, as paths below the folder.
std::vector<std::string> files_in(const TemporaryDirectory& folder, const Dataset& dataset) {
  std::vector<std::string> files;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    EXPECT_THAT(dataset.name(i), StartsWith(folder.path() + "/"));
    files.push_back(dataset.name(i).substr(folder.path().size() + 1));
  }
  return files;
}

TEST(ImageFolderTest, NamesEachImageByItsPathBelowTheRoot) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"split/Train/cat/a.pgm", "split/Train/dog/more/b.pgm", "split/test/cat/a.pgm", "plain/cat/a.pgm",
                          "plain/cat/b.pgm", "plain/dog/c.pgm"});
  const auto paths = [&](const std::string& root, Split split) {
    const auto dataset = open_image_folder(image_folder_options(folder.path(root), "test: 0.5"), split);
    std::vector<std::string> all;
    for (std::int64_t i = 0; i < dataset->size(); ++i) all.push_back(dataset->path(i).value_or("none"));
    return all;
  };
  EXPECT_THAT(paths("split", Split::train), ElementsAre("Train/cat/a.pgm", "Train/dog/more/b.pgm"));
  EXPECT_THAT(paths("split/", Split::test), ElementsAre("test/cat/a.pgm"));
  EXPECT_THAT(paths("plain/", Split::train), ElementsAre(StartsWith("cat/"), "dog/c.pgm"));
}

TEST(ImageFolderTest, ReadsAFolderPerSplit) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"train/dog/b.pgm", "train/cat/a.pgm", "train/dog/a.pgm", "test/cat/z.pgm"});
  const auto train = open_pictures(folder, Split::train);
  EXPECT_THAT(train->class_names(), ElementsAre("cat", "dog"));
  EXPECT_THAT(files_in(folder, *train), ElementsAre("train/cat/a.pgm", "train/dog/a.pgm", "train/dog/b.pgm"));
  EXPECT_THAT(labels_in(*train), ElementsAre(0, 1, 1));
  EXPECT_EQ(train->channels(), 3);
  EXPECT_EQ(train->height(), 0);  // sizes may differ
  EXPECT_EQ(train->width(), 0);
  const Sample second = train->sample(1);
  EXPECT_EQ(second.label, 1);
  EXPECT_EQ(second.image.height, 2);
  EXPECT_EQ(second.image.width, 3);
  EXPECT_EQ(second.image.channels, 3);
  EXPECT_EQ(second.image.at(1, 2, 2), 3);

  const auto test = open_pictures(folder, Split::test);
  EXPECT_THAT(test->class_names(), ElementsAre("cat", "dog"));  // those of training
  EXPECT_THAT(files_in(folder, *test), ElementsAre("test/cat/z.pgm"));
  EXPECT_EQ(open_pictures(folder, Split::validation), nullptr);
}

TEST(ImageFolderTest, TakesAFileOfEachClassInTurn) {
  const TemporaryDirectory folder;
  write_pictures(folder,
                 {"train/a/1.pgm", "train/a/2.pgm", "train/a/3.pgm", "train/b/1.pgm", "train/c/1.pgm", "train/c/2.pgm"});
  EXPECT_THAT(
      files_in(folder, *open_pictures(folder, Split::train)),
      ElementsAre("train/a/1.pgm", "train/b/1.pgm", "train/c/1.pgm", "train/a/2.pgm", "train/c/2.pgm", "train/a/3.pgm"));
  const TemporaryDirectory classes;
  write_numbered(classes, "cat", 10);
  write_numbered(classes, "dog", 10);
  EXPECT_THAT(labels_in(*open_pictures(classes, Split::test)), ElementsAre(0, 1, 0, 1));
}

TEST(ImageFolderTest, AFolderOfAnyNameOfValidationStandsForTest) {
  for (const std::string name : {"val", "valid", "validation"}) {
    const TemporaryDirectory folder;
    write_pictures(folder, {"train/cat/a.pgm"});
    folder.write(name + "/cat/b.pgm", plain_picture(1));
    EXPECT_THAT(files_in(folder, *open_pictures(folder, Split::test)), ElementsAre(name + "/cat/b.pgm"));
    EXPECT_EQ(open_pictures(folder, Split::validation), nullptr);
  }
}

TEST(ImageFolderTest, KeepsValidationBesideTest) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"train/cat/a.pgm", "train/dog/a.pgm", "val/dog/b.pgm", "test/cat/c.pgm"});
  EXPECT_THAT(files_in(folder, *open_pictures(folder, Split::test)), ElementsAre("test/cat/c.pgm"));
  const auto validation = open_pictures(folder, Split::validation);
  ASSERT_NE(validation, nullptr);
  EXPECT_THAT(files_in(folder, *validation), ElementsAre("val/dog/b.pgm"));
  EXPECT_THAT(labels_in(*validation), ElementsAre(1));
}

TEST(ImageFolderTest, AFolderTrainMayBeAClass) {
  const TemporaryDirectory folder;
  write_numbered(folder, "train", 5);
  write_numbered(folder, "car", 5);
  write_numbered(folder, "val", 5);
  EXPECT_THAT(open_pictures(folder, Split::train)->class_names(), ElementsAre("car", "train", "val"));
}

TEST(ImageFolderTest, ReadsClassesInTheRoot) {
  const TemporaryDirectory folder;
  write_numbered(folder, "dog", 4);
  write_numbered(folder, "cat", 2);
  const auto train = open_pictures(folder, Split::train, "test: 0.5");
  const auto test = open_pictures(folder, Split::test, "test: 0.5");
  EXPECT_THAT(train->class_names(), ElementsAre("cat", "dog"));
  EXPECT_THAT(labels_in(*train), ElementsAre(0, 1, 1));
  EXPECT_THAT(labels_in(*test), ElementsAre(0, 1, 1));
  EXPECT_EQ(open_pictures(folder, Split::validation), nullptr);
  for (std::int64_t i = 0; i < test->size(); ++i) {
    const int number = 100 + test->sample(i).image.at(0, 0, 0);
    EXPECT_THAT(test->name(i), EndsWith("/" + std::to_string(number) + ".pgm"));
  }
}

TEST(ImageFolderTest, SplitsEachClassWithoutOverlap) {
  const TemporaryDirectory folder;
  write_numbered(folder, "cat", 20);
  write_numbered(folder, "dog", 10);
  const auto train = open_pictures(folder, Split::train);
  const auto test = open_pictures(folder, Split::test);
  EXPECT_EQ(std::ranges::count(labels_in(*test), 0), 4);  // 0.2 of each
  EXPECT_EQ(std::ranges::count(labels_in(*test), 1), 2);
  std::set<std::string> all;
  for (const auto& split : {train, test}) {
    for (const std::string& file : files_in(folder, *split)) EXPECT_TRUE(all.insert(file).second) << file;
  }
  EXPECT_EQ(all.size(), 30U);
}

TEST(ImageFolderTest, TheSplitDependsOnItsSeed) {
  const TemporaryDirectory folder;
  write_numbered(folder, "cat", 40);
  write_numbered(folder, "dog", 40);
  const auto test_files = [&](const std::string& more) {
    return files_in(folder, *open_pictures(folder, Split::test, more));
  };
  const std::vector<std::string> files = test_files("split_seed: 3");
  EXPECT_EQ(test_files("split_seed: 3"), files);
  EXPECT_NE(test_files("split_seed: 4"), files);
  EXPECT_NE(test_files(""), files);

  // Files of the same numbers: the same ones must not be chosen in each class, nor another class's with the next seed.
  const auto numbers_of = [](const std::vector<std::string>& chosen, const std::string& class_name) {
    std::vector<std::string> numbers;
    for (const std::string& file : chosen) {
      if (file.starts_with(class_name)) numbers.push_back(file.substr(class_name.size()));
    }
    return numbers;
  };
  EXPECT_EQ(numbers_of(files, "cat").size(), 8U);
  EXPECT_NE(numbers_of(files, "cat"), numbers_of(files, "dog"));
  EXPECT_NE(numbers_of(files, "dog"), numbers_of(test_files("split_seed: 4"), "cat"));
}

TEST(ImageFolderTest, AnotherClassLeavesTheSplitOfTheOthersAlone) {
  const TemporaryDirectory folder;
  write_numbered(folder, "cat", 40);
  write_numbered(folder, "dog", 40);
  const auto before = files_in(folder, *open_pictures(folder, Split::test));
  write_numbered(folder, "bee", 40);
  auto after = files_in(folder, *open_pictures(folder, Split::test));
  std::erase_if(after, [](const std::string& file) { return file.starts_with("bee"); });
  EXPECT_EQ(after, before);
}

TEST(ImageFolderTest, EachClassKeepsAnImageForTraining) {
  const TemporaryDirectory folder;
  write_numbered(folder, "cat", 1);
  write_numbered(folder, "dog", 3);
  const auto train = open_pictures(folder, Split::train, "test: 0.99");
  EXPECT_THAT(labels_in(*train), ElementsAre(0, 1));
  EXPECT_THAT(labels_in(*open_pictures(folder, Split::test, "test: 0.99")), ElementsAre(1, 1));
}

TEST(ImageFolderTest, RefusesAFractionOfNoImage) {
  const TemporaryDirectory folder;
  write_numbered(folder, "cat", 3);
  EXPECT_THAT(
      [&] { open_pictures(folder, Split::test, "test: 0.1"); },
      ThrowsMessage<InputError>(StartsWith("data.test: expected a fraction that selects an image of some class, got 0.1")));
}

TEST(ImageFolderTest, SearchesSubfoldersOfAClassAndSkipsOtherFiles) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"train/cat/b.pgm", "train/cat/album/2024/a.PPM", "train/cat/.hidden.pgm", "train/cat/.trash/c.pgm",
                          "train/.git/d.pgm", "train/readme.pgm", "train/cat/notes.txt", "train/cat/e.pgm.bak",
                          "test/cat/t.pgm", "annotations/x.pgm"});
  const auto train = open_pictures(folder, Split::train);
  EXPECT_THAT(train->class_names(), ElementsAre("cat"));
  EXPECT_THAT(files_in(folder, *train), ElementsAre("train/cat/album/2024/a.PPM", "train/cat/b.pgm"));
}

TEST(ImageFolderTest, AClassMayBeALink) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"elsewhere/a.pgm", "root/train/dog/b.pgm", "root/test/dog/c.pgm"});
  std::filesystem::create_directory_symlink(folder.path("elsewhere"), folder.path("root/train/cat"));
  std::filesystem::create_symlink(folder.path("root/train/loop"), folder.path("root/train/loop"));
  std::filesystem::create_symlink(folder.path("nowhere"), folder.path("root/train/broken"));
  const auto train = open_image_folder(image_folder_options(folder.path("root")), Split::train);
  EXPECT_THAT(train->class_names(), ElementsAre("cat", "dog"));
  EXPECT_EQ(train->sample(0).image.at(0, 0, 0), 1);
}

TEST(ImageFolderTest, ReadsByWhatTheBytesSay) {
  const TemporaryDirectory folder;
  folder.write("train/a/1.jpg", encoded::png(1, 2, 16, 0, encoded::bytes({0, 0xFF, 0xFF, 0x80, 0x00})));
  folder.write("train/a/2.bmp", encoded::png(1, 1, 8, 6, encoded::bytes({0, 10, 20, 30, 0})));
  folder.write("train/a/3.png", plain_picture(77));
  Image upright(2, 3, 1);
  upright.at(0, 0, 0) = 255;
  folder.write("train/a/4.ppm", encoded::tiff(upright, 6));
  const auto train = open_pictures(folder, Split::train);
  EXPECT_THAT(train->sample(0).image.pixels, ElementsAre(255, 255, 255, 128, 128, 128));  // 16 bits
  EXPECT_THAT(train->sample(1).image.pixels, ElementsAre(10, 20, 30));                    // alpha
  EXPECT_EQ(train->sample(2).image.at(1, 1, 1), 77);
  const Image turned = train->sample(3).image;
  EXPECT_EQ(turned.height, 3);
  EXPECT_EQ(turned.width, 2);
  EXPECT_EQ(turned.at(0, 1, 0), 255);
}

TEST(ImageFolderTest, ReadsGreyWhenAsked) {
  const TemporaryDirectory folder;
  folder.write("train/a/1.ppm", "P6 1 1 255\n" + encoded::bytes({255, 0, 0}));
  const auto train = open_pictures(folder, Split::train, "channels: 1");
  EXPECT_EQ(train->channels(), 1);
  EXPECT_THAT(train->sample(0).image.pixels, ElementsAre(76));  // the luma of red
}

TEST(ImageFolderTest, ReadsTwelveBitPhotosByTheirLevels) {
  const TemporaryDirectory folder;
  folder.write("train/cat/a.tif", encoded::tiff(1, 2, 16, encoded::bytes({0x00, 0x08, 0xFF, 0x0F})));  // 2048 and 4095
  EXPECT_THAT(open_pictures(folder, Split::train, "channels: 1")->sample(0).image.pixels, ElementsAre(8, 15));
  const auto train = open_pictures(folder, Split::train, "channels: 1, levels: [0, 4095]");
  EXPECT_THAT(train->sample(0).image.pixels, ElementsAre(128, 255));
  EXPECT_EQ(train->decode_options(), (DecodeOptions{.levels = Levels{0, 4095}}));
}

TEST(ImageFolderTest, BlendsTransparentPhotosWithWhite) {
  const TemporaryDirectory folder;
  folder.write("train/cat/a.png", encoded::png(1, 2, 8, 6, encoded::bytes({0, 10, 20, 30, 0, 40, 50, 60, 255})));
  EXPECT_THAT(open_pictures(folder, Split::train)->sample(0).image.pixels, ElementsAre(10, 20, 30, 40, 50, 60));
  EXPECT_THAT(open_pictures(folder, Split::train, "alpha: white")->sample(0).image.pixels,
              ElementsAre(255, 255, 255, 40, 50, 60));
}

TEST(ImageFolderTest, RefusesLevelsThatAreNone) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"train/cat/a.pgm"});
  for (const char* levels : {"levels: [7, 7]", "levels: 7"}) {
    EXPECT_THAT([&] { open_pictures(folder, Split::train, levels); },
                ThrowsMessage<InputError>(HasSubstr("data.levels: expected two values, the lower one first, or [], got 7")));
  }
}

TEST(ImageFolderTest, NamesAFileThatCannotBeRead) {
  const TemporaryDirectory folder;
  folder.write("train/a/1.jpg", "");
  folder.write("train/a/2.jpg", "this is text");
  std::filesystem::create_symlink(folder.path("gone.jpg"), folder.path("train/a/3.jpg"));
  folder.write("train/a/4.pgm", plain_picture(1));
  for (const auto& [on_error, leaves_out] : {std::pair{"fail", false}, std::pair{"skip", true}}) {
    const auto train = open_pictures(folder, Split::train, std::string("on_error: ") + on_error);
    ASSERT_EQ(train->size(), 4);
    EXPECT_EQ(train->skips_unreadable(), leaves_out);
    const std::vector<std::string> reasons = {"got an empty file", "got another kind of file", "No such file"};
    for (std::int64_t i = 0; i < 3; ++i) {
      EXPECT_THAT([&] { train->sample(i); },
                  ThrowsMessage<InputError>(
                      AllOf(StartsWith(train->name(i) + ": expected "), HasSubstr(reasons[static_cast<std::size_t>(i)]))));
    }
    EXPECT_EQ(train->sample(3).image.at(0, 0, 0), 1);
  }
  EXPECT_FALSE(open_pictures(folder, Split::train)->skips_unreadable());
}

TEST(ImageFolderTest, RefusesAnEmptyClassInTraining) {
  const TemporaryDirectory splits;
  write_pictures(splits, {"train/cat/a.pgm", "test/cat/b.pgm", "train/dog/notes.txt"});
  EXPECT_THAT([&] { open_pictures(splits, Split::train); },
              ThrowsMessage<InputError>(AllOf(StartsWith(splits.path("train/dog") + ": expected images of this class"),
                                              HasSubstr("got none (skipped: .txt 1); add images, or remove the folder"))));
  EXPECT_EQ(open_pictures(splits, Split::test)->size(), 1);  // the empty folder is a class all the same

  const TemporaryDirectory classes;
  write_numbered(classes, "cat", 5);
  std::filesystem::create_directory(classes.path("dog"));
  for (const Split split : {Split::train, Split::test}) {
    EXPECT_THAT([&] { open_pictures(classes, split); },
                ThrowsMessage<InputError>(StartsWith(classes.path("dog") + ": expected images of this class")));
  }
}

TEST(ImageFolderTest, ATestSplitMayLackClassesButNotAllImages) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"train/cat/a.pgm", "train/dog/b.pgm", "test/dog/c.pgm"});
  std::filesystem::create_directory(folder.path("test/cat"));
  EXPECT_THAT(labels_in(*open_pictures(folder, Split::test)), ElementsAre(1));
  std::filesystem::remove(folder.path("test/dog/c.pgm"));
  EXPECT_THAT(
      [&] { open_pictures(folder, Split::test); },
      ThrowsMessage<InputError>(AllOf(StartsWith(folder.path("test") + ": expected images"), HasSubstr("got none"))));
}

TEST(ImageFolderTest, RefusesAClassThatTrainingDoesNotHave) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"train/cat/a.pgm", "train/dog/b.pgm", "test/cat/c.pgm", "test/owl/d.pgm"});
  EXPECT_THAT([&] { open_pictures(folder, Split::test); },
              ThrowsMessage<InputError>(
                  StartsWith(folder.path("test/owl") + ": expected one of the 2 classes of training, got another class; ")));
  EXPECT_EQ(open_pictures(folder, Split::train)->size(), 2);
}

TEST(ImageFolderTest, RefusesAFolderWithoutItsOtherSplits) {
  const TemporaryDirectory only_train;
  write_pictures(only_train, {"train/cat/a.pgm"});
  EXPECT_THAT(
      [&] { open_pictures(only_train, Split::test); },
      ThrowsMessage<InputError>(StartsWith(only_train.path() + ": expected a folder test or val beside train, got none")));
  const TemporaryDirectory only_test;
  write_pictures(only_test, {"test/cat/a.pgm"});
  EXPECT_THAT([&] { open_pictures(only_test, Split::train); },
              ThrowsMessage<InputError>(StartsWith(only_test.path() + ": expected a folder train beside test, got none")));
  EXPECT_THAT(files_in(only_test, *open_pictures(only_test, Split::test)),
              ElementsAre("test/cat/a.pgm"));  // to score a model
}

TEST(ImageFolderTest, RefusesARootThatIsNoneOrHasNoClasses) {
  EXPECT_THAT([] { open_image_folder(ImageFolderOptions(), Split::train); },
              ThrowsMessage<InputError>(StartsWith("data.root: expected the folder of the images, got an empty text; ")));
  const TemporaryDirectory folder;
  for (const Split split : {Split::train, Split::validation, Split::test}) {
    EXPECT_THAT([&] { open_image_folder(image_folder_options(folder.path("none")), split); },
                ThrowsMessage<InputError>(
                    StartsWith(folder.path("none") + ": expected the folder of the data set, got no such folder")));
  }
  const std::string file = folder.write("a.pgm", plain_picture(1));
  EXPECT_THAT([&] { open_image_folder(image_folder_options(file), Split::train); },
              ThrowsMessage<InputError>(HasSubstr("got a file")));
  EXPECT_THAT([&] { open_pictures(folder, Split::train); },
              ThrowsMessage<InputError>(AllOf(StartsWith(folder.path() + ": expected a folder for each class, got none"),
                                              HasSubstr("root/train/<class>/<files> or root/<class>/<files>"))));
}

TEST(ImageFolderTest, NamesAFolderThatMayNotBeRead) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"root/train/cat/a.pgm", "root/train/dog/private/b.pgm", "root/test/cat/c.pgm"});
  for (const std::string locked_folder : {"root/train/dog/private", "root/train/dog", "root/train", "root"}) {
    SCOPED_TRACE(locked_folder);
    const UnreadableFolder locked(folder.path(), folder.path(locked_folder));
    if (!locked.works()) GTEST_SKIP() << "cannot become an ordinary user here";
    EXPECT_THAT(
        [&] { open_image_folder(image_folder_options(folder.path("root")), Split::train); },
        ThrowsMessage<InputError>(AllOf(StartsWith(folder.path(locked_folder) + ": expected a folder that can be listed"),
                                        HasSubstr("Permission denied"))));
  }
}

/// Message of opening the training images of a folder with the default options.
std::string refusal(const std::string& root, Split split = Split::train) {
  try {
    open_image_folder({.root = root}, split);
  } catch (const InputError& error) {
    return error.what();
  }
  return "opened";
}

TEST(ImageFolderTest, ReadsSplitsOfAnyCaseAndOfTheFieldsOtherWords) {
  for (const auto& [train, test] : {std::pair{"Training", "Testing"},
                                    {"Train", "Test"},
                                    {"TRAIN", "VAL"},
                                    {"train", "Validation"},
                                    {"seg_train", "seg_test"},
                                    {"train_images", "test_images"},
                                    {"imagesTrain", "imagesTest"},
                                    {"train2017", "val2017"},
                                    {"trainset", "testset"}}) {
    SCOPED_TRACE(train);
    const TemporaryDirectory folder;
    for (const std::string name : {"/cat/a.pgm", "/dog/b.pgm"}) {
      folder.write(train + name, plain_picture(1));
      folder.write(test + name, plain_picture(2));
    }
    folder.write("seg_pred/1.pgm", plain_picture(3));
    EXPECT_THAT(open_image_folder({.root = folder.path()}, Split::train)->class_names(), ElementsAre("cat", "dog"));
    EXPECT_THAT(files_in(folder, *open_pictures(folder, Split::test)),
                ElementsAre(test + std::string("/cat/a.pgm"), test + std::string("/dog/b.pgm")));
  }
}

TEST(ImageFolderTest, TwoFoldersOfOneSplitAreRefused) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"train/cat/a.pgm", "Training/dog/a.pgm", "test/cat/b.pgm"});
  EXPECT_THAT(refusal(folder.path()), HasSubstr("expected one folder for the split train, got Training and train"));
  const TemporaryDirectory two_sets;
  write_pictures(two_sets, {"a_train/cat/a.pgm", "a_test/cat/a.pgm", "b_train/cat/a.pgm", "b_test/cat/a.pgm"});
  EXPECT_THAT(refusal(two_sets.path()), HasSubstr("expected one set of splits, got several: a_train, b_train"));
}

TEST(ImageFolderTest, ARootOneLevelTooHighIsNamed) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"pets/cat/a.pgm", "pets/dog/b.pgm", "__MACOSX/pets/cat/c.pgm"});
  EXPECT_THAT(refusal(folder.path()), AllOf(HasSubstr("expected folders of at least two classes, got one, 'pets'"),
                                            HasSubstr("may be in '" + folder.path("pets") + "': set data.root to it")));
  const TemporaryDirectory splits;
  write_pictures(splits, {"archive/data/train/cat/a.pgm", "archive/data/test/cat/b.pgm"});
  EXPECT_THAT(refusal(splits.path()), HasSubstr("may be in '" + splits.path("archive/data") + "'"));
  EXPECT_THAT(refusal(splits.path(), Split::test), HasSubstr("may be in '" + splits.path("archive/data") + "'"))
      << "for scoring too";
  const TemporaryDirectory one_class;
  write_pictures(one_class, {"cat/monday/a.pgm", "cat/monday/b.pgm", "cat/c.pgm", "cat/d.pgm"});
  EXPECT_EQ(refusal(one_class.path(), Split::test), "opened") << "one class can be scored";
}

TEST(ImageFolderTest, PicturesBesideTheirMasksAreRefused) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"images/cat/a.pgm", "images/dog/b.pgm", "masks/cat/a.pgm", "masks/dog/b.pgm"});
  EXPECT_THAT(refusal(folder.path()),
              AllOf(HasSubstr("got folders with the same subfolders each (cat, dog)"),
                    HasSubstr("set data.root to one of the folders, e.g. '" + folder.path("images") + "'")));
  const TemporaryDirectory tiny_imagenet;  // a folder `images` in each class is no class
  write_pictures(tiny_imagenet, {"n01/images/a.pgm", "n02/images/b.pgm"});
  EXPECT_EQ(refusal(tiny_imagenet.path()), "opened");
}

TEST(ImageFolderTest, AFlatFolderBesideATableOfLabelsIsRefused) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"images/a.pgm", "images/b.pgm"});
  const std::string table = folder.write("labels.csv", "path,label\n");
  const std::string advice = "if the labels are in '" + table + "', read it by data.name: image_list";
  EXPECT_THAT(refusal(folder.path()), AllOf(HasSubstr("got one, 'images'"), HasSubstr(advice)));
  EXPECT_THAT(refusal(folder.path("images")),
              AllOf(HasSubstr("expected a folder for each class, got none"), HasSubstr(advice)));
}

TEST(ImageFolderTest, FlatFoldersOfSplitsAreNoClasses) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"train/cat.1.pgm", "train/dog.1.pgm", "test/1.pgm"});
  EXPECT_THAT(refusal(folder.path()), HasSubstr("expected a folder for each class, got folders of splits: test and train; "
                                                "sort their images into a folder for each class"));
}

TEST(ImageFolderTest, ARootWithValidationAloneIsScoredAndNotTrainedOn) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"val/cat/a.pgm", "val/dog/b.pgm"});
  EXPECT_THAT(refusal(folder.path()), HasSubstr("expected a folder train beside val, got none"));
  for (const Split split : {Split::test, Split::validation}) {
    const auto scored = open_image_folder({.root = folder.path()}, split);
    EXPECT_THAT(scored->class_names(), ElementsAre("cat", "dog"));
    EXPECT_EQ(scored->size(), 2);
  }
}

TEST(ImageFolderTest, TrainInTrainSaysWhichRootWasMeant) {
  const TemporaryDirectory whole;
  write_pictures(whole, {"train/train/cat/a.pgm", "train/train/dog/b.pgm", "train/test/cat/c.pgm"});
  EXPECT_THAT(refusal(whole.path()),
              AllOf(StartsWith(whole.path("train") + ": expected a folder for each class, got folders of "
                                                     "splits: test and train; "),
                    HasSubstr("set data.root to it")));
  const TemporaryDirectory doubled;
  write_pictures(doubled, {"train/train/cat/a.pgm", "train/train/dog/b.pgm", "test/test/cat/c.pgm", "test/test/dog/d.pgm"});
  EXPECT_THAT(refusal(doubled.path()),
              AllOf(HasSubstr("got a folder of a split: train; "), HasSubstr("'" + doubled.path("train/train") + "'")));
}

TEST(ImageFolderTest, OneClassIsAnErrorUnlessItIsMeant) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"train/cat/a.pgm", "test/cat/b.pgm"});
  EXPECT_EQ(refusal(folder.path()), folder.path("train") +
                                        ": expected folders of at least two classes, got one, 'cat'; "
                                        "add another, or set data.allow_single_class: true");
  EXPECT_EQ(refusal(folder.path(), Split::test), "opened");  // to score a model of more classes
  EXPECT_EQ(open_image_folder({.root = folder.path(), .allow_single_class = true}, Split::train)->size(), 1);
}

TEST(ImageFolderTest, NamesInAnotherUnicodeFormAreOneClass) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"train/caf\u00E9/a.pgm", "train/cafe\u0301/b.pgm", "train/bar/c.pgm", "test/cafe\u0301/d.pgm"});
  const auto train = open_image_folder({.root = folder.path()}, Split::train);
  EXPECT_THAT(train->class_names(), ElementsAre("bar", "caf\u00E9"));
  EXPECT_THAT(labels_in(*train), ElementsAre(0, 1, 1));
  for (std::int64_t i = 0; i < train->size(); ++i) EXPECT_EQ(train->sample(i).image.height, 2);
  EXPECT_THAT(labels_in(*open_pictures(folder, Split::test)), ElementsAre(1));
}

TEST(ImageFolderTest, CountsTheFilesThatItDoesNotRead) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"train/cat/a.pgm", "train/dog/b.jfif", "train/stray.pgm", "test/dog/c.pgm"});
  for (const char* name : {"train/cat/b.gif", "train/dog/c.gif", "train/dog/d.heic", "train/dog/notes.txt", "docs/x.pdf"}) {
    folder.write(name, "");
  }
  const auto skipped = open_image_folder({.root = folder.path()}, Split::train)->skipped_files();
  ASSERT_EQ(skipped.size(), 2U);
  EXPECT_EQ(skipped[0].folder, folder.path("train"));
  EXPECT_EQ(describe(skipped[0].counts), ".gif 2, .heic 1, .txt 1, images outside the class folders 1");
  EXPECT_EQ(describe(skipped[1].counts), "folders that are no split 1");
}

TEST(ImageFolderTest, AClassOfUnreadKindsSaysSo) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"cat/a.pgm"});
  for (const char* name : {"dog/b.heic", "dog/c.heic"}) folder.write(name, "");
  EXPECT_THAT(refusal(folder.path()),
              HasSubstr("expected images of this class (JPEG, PNG, BMP, WebP, TIFF, PBM, PGM, PPM), got "
                        "none (skipped: .heic 2); add images, or remove the folder"));
}

TEST(ImageFolderTest, RefusesAnIndexOutOfRange) {
  const TemporaryDirectory folder;
  write_pictures(folder, {"train/cat/a.pgm"});
  const auto train = open_pictures(folder, Split::train);
  EXPECT_THAT([&] { train->sample(1); }, ThrowsMessage<InputError>(HasSubstr("expected an index in [0, 1), got 1")));
  EXPECT_THROW(train->label(-1), InputError);
  EXPECT_THROW(train->name(1), InputError);
}

TEST(ImageFolderOptionsTest, ReadBack) {
  ImageFolderOptions options = image_folder_options(
      "some/folder", "channels: 1, test: 0.25, split_seed: 7, on_error: skip, alpha: black, levels: [16, 4095]");
  options.allow_single_class = false;
  const Json written = write_fields(options);
  ImageFolderOptions again;
  read_fields(again, parse_yaml(to_yaml(written), "again.yaml"), "data");
  EXPECT_EQ(write_fields(again), written);
  EXPECT_EQ(again.root, "some/folder");
  EXPECT_EQ(again.channels, 1);
  EXPECT_EQ(again.test, 0.25);
  EXPECT_EQ(again.split_seed, 7);
  EXPECT_EQ(again.on_error, OnError::skip);
  EXPECT_EQ(again.decode.options("data"), (DecodeOptions{.alpha = Alpha::black, .levels = Levels{16, 4095}}));
}

TEST(ImageFolderOptionsTest, OutOfRangeAreRefusedFromCpp) {
  ImageFolderOptions options{.root = "folder", .channels = 2};
  EXPECT_THAT([&] { open_image_folder(options, Split::train); },
              ThrowsMessage<InputError>(HasSubstr("data: channels: expected one of 3 and 1, got 2")));
  options = {.root = "folder", .test = 1};
  EXPECT_THROW(open_image_folder(options, Split::train), InputError);
}

TEST(ImageFolderOptionsTest, RefusesWhatMeansNothing) {
  for (const char* option : {"channels: 2", "test: 0", "test: 1", "split_seed: -1", "on_error: ignore", "alpha: red",
                             "levels: [0, 65536]", "levels: [1, 2, 3]"}) {
    EXPECT_THROW(image_folder_options("x", option), InputError) << option;
  }
}

}  // namespace
}  // namespace fovea
