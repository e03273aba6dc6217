// Folders of photos in training, evaluation and preview, also with unreadable files.

#include <csignal>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "photo_program.h"
#include "wait_for.h"

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

TEST_F(PhotoFolder, ADamagedTestImageDoesNotLoseTheTraining) {
  write_squares("spoilt/train", 20, 1);
  write_squares("spoilt/test", 4, 1000);
  write("spoilt.yaml", config("spoilt"));
  const std::vector<std::string> resume{"train", "spoilt_run", "--resume", "--quiet"};
  std::string photo = text("spoilt/test/left/0.ppm");
  write("spoilt/test/left/0.ppm", photo.substr(0, photo.size() / 2));
  const Finished failed = run({"train", "spoilt.yaml", "--out", "spoilt_run", "--quiet"});
  ASSERT_EQ(failed.code, 2);
  EXPECT_THAT(failed.error,
              AllOf(HasSubstr("spoilt/test/left/0.ppm"), HasSubstr("spoilt_run/model.safetensors is trained")));
  const std::string trained = model_bytes("spoilt_run");

  std::vector<std::string> skipping = resume;
  skipping.insert(skipping.end(), {"--set", "data.on_error=skip"});
  EXPECT_EQ(run(skipping).code, 0);
  std::filesystem::remove(path("spoilt/test/left/0.ppm"));
  EXPECT_EQ(run(resume).code, 0);
  EXPECT_EQ(model_bytes("spoilt_run"), trained);
}

TEST_F(PhotoFolder, OneOtherTrainingImageIsNoticedOnResume) {
  write_squares("many/train", 20, 1);
  write_squares("many/test", 2, 1000);
  write("many.yaml", config("many"));
  const std::vector<std::string> options{"--out", "many_run", "--set", "train.epochs=30", "--set", "data.on_error=skip"};
  std::vector<std::string> start{"train", "many.yaml", "--quiet"};
  start.insert(start.end(), options.begin(), options.end());
  {
    Program program(path(), start);
    ASSERT_TRUE(wait_for(
        "an epoch", [] { return exists("many_run/metrics.jsonl"); }, [&] { return program.messages(); }));
    program.send(SIGTERM);
    ASSERT_EQ(program.wait().code, 130);
  }
  const std::string photo = text("many/train/left/3.ppm");
  std::string changed = photo;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  write("many/train/left/3.ppm", changed);
  std::vector<std::string> resume{"train", "many_run", "--resume", "--quiet"};
  const Finished same_size = run(resume);
  EXPECT_EQ(same_size.code, 1) << same_size.error;
  EXPECT_THAT(same_size.error, HasSubstr("many/train/left/3.ppm: expected the image that was read before, got another one"));
  write("many/train/left/3.ppm", changed + "x");
  EXPECT_THAT(refusal(resume), HasSubstr("got as many, some of them with another name, size, label or content"));
  std::filesystem::remove(path("many/train/left/3.ppm"));
  EXPECT_THAT(refusal(resume), AnyOf(HasSubstr("got 31 in place of 32 images (train)"), HasSubstr("(validation)")));
  write("many/train/left/3.ppm", photo);
  EXPECT_EQ(run(resume).code, 0);
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

/// A PPM of 8 bits as one of 12 bits in 16: each value sixteenfold.
std::string in_twelve_bits(const std::string& ppm) {
  const std::string last = " 255\n";
  const std::size_t end = ppm.find(last);
  std::string deep = ppm.substr(0, end) + " 65535\n";
  for (std::size_t i = end + last.size(); i < ppm.size(); ++i) {
    const int value = 16 * static_cast<unsigned char>(ppm[i]);
    deep.push_back(static_cast<char>(value >> 8));
    deep.push_back(static_cast<char>(value & 0xFF));
  }
  return deep;
}

TEST_F(PhotoFolder, TwelveBitPhotosTrainAndPredictAsTheSamePhotosInEight) {
  namespace fs = std::filesystem;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path("images"))) {
    if (!entry.is_regular_file()) continue;
    const std::string name = fs::relative(entry.path(), path("images")).string();
    write("deep/" + name, in_twelve_bits(text("images/" + name)));
  }
  write("deep.ppm", in_twelve_bits(text("photo.ppm")));
  write("deep.yaml", config("deep"));
  const Finished trained = run({"train", "deep.yaml", "--out", "deep_run", "--quiet", "--set", "data.levels=[0, 4080]"});
  ASSERT_EQ(trained.code, 0) << trained.error;
  const Json expected = json({"predict", "run", "photo.ppm"})[0]["topk"];
  EXPECT_EQ(json({"predict", "deep_run", "deep.ppm"})[0]["topk"], expected);  // the model file knows the levels
  EXPECT_NE(json({"predict", "run", "deep.ppm"})[0]["topk"], expected);
}

TEST_F(PhotoFolder, JsonOfManyPhotosReadsAsOneDocument) {  // although it is printed photo by photo
  for (const std::size_t photos : {1U, 3U}) {
    for (std::vector<std::string> arguments : {std::vector<std::string>{"predict", "run", "--json"},
                                               {"overlay", "run", "--json", "--out", "overlays" + std::to_string(photos)}}) {
      arguments.insert(arguments.end(), photos, "photo.ppm");
      const Finished finished = run(arguments);
      ASSERT_EQ(finished.code, 0) << finished.error;
      const Json document = Json::parse(finished.out);
      EXPECT_GE(document.size(), photos);
      EXPECT_EQ(finished.out, to_json_text(document));
    }
  }
  write("bad.ppm", "P6 x");
  const Finished unreadable = run({"predict", "run", "--json", "bad.ppm", "bad.ppm"});
  EXPECT_EQ(unreadable.code, 2);
  EXPECT_EQ(unreadable.out, "[]\n");
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
