// Folders of photos in training, evaluation and preview, also with unreadable files.

#include <cstddef>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "photo_program.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

using PhotoFolder = PhotoProgram;

TEST_F(PhotoFolder, TrainingLeavesPictures) {
  for (const char* file : {"curves.png", "confusion_test.png", "calibration_test.png"}) {
    EXPECT_GT(picture(std::string("run/") + file).width, 200) << file;
  }
}

TEST_F(PhotoFolder, UnreadableTrainingImagesAreNamed) {
  write_squares("broken/train", 20, 1);
  write_squares("broken/test", 4, 1000);
  write("broken/train/left/bad.jpg", "no image");
  write("broken/test/right/empty.png", "");
  write("broken.yaml", config("broken"));
  const Finished failed = run({"train", "broken.yaml", "--out", "failed"});
  EXPECT_EQ(failed.code, 2);
  EXPECT_THAT(failed.error,
              AnyOf(HasSubstr("broken/train/left/bad.jpg: expected"), HasSubstr("broken/test/right/empty.png")));

  const Finished skipped = run({"train", "broken.yaml", "--set", "data.on_error=skip", "--out", "skipped", "--quiet"});
  EXPECT_EQ(skipped.code, 0) << skipped.error;
  for (const char* file : {"broken/train/left/bad.jpg", "broken/test/right/empty.png"}) {
    const std::string warning = std::string("fovea: warning: skipped: ") + file;
    const std::size_t first = skipped.error.find(warning);
    ASSERT_NE(first, std::string::npos) << skipped.error;
    EXPECT_EQ(skipped.error.find(warning, first + 1), std::string::npos) << "named twice: " << skipped.error;
  }
  EXPECT_EQ(json({"eval", "skipped"})["images"], 8);

  // The model does not depend on the thread that reads the file first.
  ASSERT_EQ(
      run({"train", "broken.yaml", "--set", "data.on_error=skip", "--set", "data.workers=5", "--out", "again", "--quiet"})
          .code,
      0);
  EXPECT_EQ(model_bytes("again"), model_bytes("skipped"));
}

TEST_F(PhotoFolder, NothingReadableIsAnError) {
  write_squares("unread/train", 20, 1);
  write("unread/test/left/bad.jpg", "no image");
  write("unread.yaml", config("unread"));
  const Finished finished = run({"train", "unread.yaml", "--set", "data.on_error=skip", "--out", "unread_run", "--quiet"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.error, HasSubstr("expected readable test images, got none"));
  EXPECT_FALSE(exists("unread_run/summary.json"));
}

TEST_F(PhotoFolder, AClassNameHasToBeText) {
  write_squares("latin/train", 20, 1);
  write_squares("latin/test", 2, 1000);
  write("latin/train/caf\xE9/a.ppm", square_photo(20, 20, 0, 1));
  write("latin.yaml", config("latin"));
  const Finished finished = run({"train", "latin.yaml", "--out", "latin_run"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.error, HasSubstr("expected a class name in UTF-8"));
}

TEST_F(PhotoFolder, AModelCannotBeScoredOnATrainingImageByAnotherSplit) {
  write_squares("flat", 20, 1);
  write("flat.yaml", config("flat"));
  ASSERT_EQ(run({"train", "flat.yaml", "--out", "flat_run", "--quiet"}).code, 0);
  EXPECT_EQ(json({"eval", "flat_run"})["images"], 8);
  for (const char* setting : {"data.test=0.9", "data.split_seed=9"}) {
    const Finished finished = run({"eval", "flat_run", "--set", setting});
    EXPECT_EQ(finished.code, 2) << setting;
    EXPECT_THAT(finished.error, HasSubstr("leaves the training split alone"));
  }
}

TEST_F(PhotoFolder, TheModelKeepsItsClassMap) {
  for (int i = 0; i < 3; ++i) {
    write("some/test/right/" + std::to_string(i) + ".ppm", square_photo(24, 24, 1, 2000 + static_cast<std::uint64_t>(i)));
  }
  const Json scores = json({"eval", "run", "--set", "data.root=some"});
  EXPECT_EQ(scores["images"], 3);
  EXPECT_EQ(scores["per_class"][0]["images"], 0);
  EXPECT_EQ(scores["per_class"][1]["name"], "right");
  EXPECT_EQ(scores["per_class"][1]["images"], 3);

  write("some/test/middle/0.ppm", square_photo(24, 24, 1, 3000));
  const Finished unknown = run({"eval", "run", "--set", "data.root=some"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.error, HasSubstr("a class 'middle'"));
}

TEST_F(PhotoFolder, PreviewShowsAugmentedImagesAndTrainsNothing) {
  const std::vector<std::string> arguments = {
      "train", "photos.yaml", "--preview", "preview.png", "--set", "data.augment={random_resized_crop: 1, color_jitter: 1}"};
  EXPECT_EQ(json(arguments), Json({{"preview", "preview.png"}}));
  EXPECT_GT(picture("preview.png").width, 8 * 100);
  EXPECT_FALSE(exists("runs"));

  const Finished refused = run({"train", "photos.yaml", "--preview", "preview.png", "--out", "unused"});
  EXPECT_EQ(refused.code, 2);
}

TEST_F(PhotoFolder, AFolderWithoutASizeIsRefused) {
  const Finished finished = run({"train", "photos.yaml", "--out", "unused", "--set", "preprocess.crop=0"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.error, AllOf(HasSubstr("preprocess: expected a size"), HasSubstr("preprocess.crop")));
}

}  // namespace
}  // namespace fovea
