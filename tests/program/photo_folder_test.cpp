// Folders of photos in training, evaluation and preview, also with unreadable files.

#include <csignal>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/weights/safetensors.h>

#include "file_text.h"
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

/// `fovea train` with a file of configs/, on the photos of this suite, made small.
std::vector<std::string> recipe(const std::string& name, const std::string& out, const std::vector<std::string>& more) {
  std::vector<std::string> command = {"train",
                                      FOVEA_SOURCE_DIR "/configs/" + name,
                                      "--out",
                                      out,
                                      "--quiet",
                                      "--set",
                                      "data.root=images",
                                      "--set",
                                      "preprocess.resize=40",
                                      "--set",
                                      "preprocess.crop=32"};
  for (const std::string& setting : more) command.insert(command.end(), {"--set", setting});
  return command;
}

TEST_F(PhotoFolder, TheRecipeForAPretrainedNetworkTrainsItsLastLayerMost) {
  const Finished source = run({"train", "photos.yaml", "--out", "pretrained", "--quiet", "--set",
                               "model={name: resnet18, channels: [8, 16, 16, 32]}", "--set", "train.epochs=1"});
  ASSERT_EQ(source.code, 0) << source.error;
  const Finished tuned = run(recipe("image_folder_finetuned.yaml", "tuned",
                                    {"model.channels=[8, 16, 16, 32]", "train.init.weights=pretrained", "train.epochs=2",
                                     "train.schedule.warmup_epochs=0"}));
  ASSERT_EQ(tuned.code, 0) << tuned.error;
  const NamedTensors before = SafetensorsFile(path("pretrained/model.safetensors")).tensors();
  const NamedTensors after = SafetensorsFile(path("tuned/model.safetensors")).tensors();
  const auto change = [&](const std::string& name) { return (after.at(name) - before.at(name)).abs().max().item<double>(); };
  EXPECT_GT(change("layer4.1.conv2.weight"), 0);
  EXPECT_GT(change("fc.weight"), 2 * change("layer4.1.conv2.weight"));  // a new one, at ten times the rate
}

TEST_F(PhotoFolder, TheRecipeForAPretrainedNetworkTakesAttentionAsItSays) {
  ASSERT_EQ(run({"train", "photos.yaml", "--out", "plain18", "--quiet", "--set",
                 "model={name: resnet18, channels: [8, 8, 8, 16]}", "--set", "train.epochs=1"})
                .code,
            0);
  const Finished tuned = run(recipe(
      "image_folder_finetuned.yaml", "with_se",
      {"model.channels=[8, 8, 8, 16]", "train.init.weights=plain18", "train.epochs=2", "train.schedule.warmup_epochs=0",
       "model.attention={name: se, init: identity}", "train.init.reinitialised=['*.se']"}));
  EXPECT_EQ(tuned.code, 0) << tuned.error;
}

TEST_F(PhotoFolder, TheRecipeForGlimpsesTrainsAndIsScored) {
  const Finished trained = run(recipe("image_folder_glimpses.yaml", "glimpsed", {"train.epochs=5"}));
  ASSERT_EQ(trained.code, 0) << trained.error;
  EXPECT_EQ(json({"eval", "glimpsed"})["glimpses"], 6);
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
  std::string jpeg = file_text(FOVEA_TEST_DATA "/images/cmyk.jpg");
  jpeg.replace(jpeg.size() - 30, 20, std::string(20, '\x7E'));  // its first and last bytes are those of an image
  write("spoilt/test/left/damaged.jpg", jpeg);
  const Finished failed = run({"train", "spoilt.yaml", "--out", "spoilt_run", "--quiet"});
  ASSERT_EQ(failed.code, 2);
  EXPECT_THAT(failed.error, AllOf(HasSubstr("spoilt/test/left/damaged.jpg: expected"), HasSubstr("data.on_error: skip"),
                                  HasSubstr("; spoilt_run/model.safetensors is saved: resume the run")));
  const std::string trained = model_bytes("spoilt_run");

  std::vector<std::string> skipping = resume;
  skipping.insert(skipping.end(), {"--set", "data.on_error=skip"});
  EXPECT_EQ(run(skipping).code, 0);
  std::filesystem::remove(path("spoilt/test/left/damaged.jpg"));
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

TEST_F(PhotoFolder, CommandsBeginWithTheDataAsTheyWereUnderstood) {
  write_squares("mixed/Training", 20, 1);
  write_squares("mixed/Testing", 4, 1000);
  for (const char* name :
       {"Training/left/a.gif", "Training/left/b.gif", "Testing/right/c.heic", "Training/right/notes.txt"}) {
    write(std::string("mixed/") + name, "");
  }
  write("mixed.yaml", config("mixed"));
  const std::string line =
      "data: image_folder, 2 classes (left 18, right 14 in train), 32 images in train, 8 in validation and 8 in test; "
      "skipped: .gif 2, .heic 1, .txt 1\n";
  const Finished trained = run({"train", "mixed.yaml", "--out", "mixed_run", "--set", "train.epochs=1"});
  EXPECT_EQ(trained.code, 0) << trained.error;
  EXPECT_THAT(trained.error, testing::StartsWith(line));
  const Finished dry = run({"train", "mixed.yaml", "--dry-run"});
  EXPECT_THAT(dry.error, testing::StartsWith(line));
  const Finished scored = run({"eval", "mixed_run"});
  EXPECT_THAT(
      scored.error,
      testing::StartsWith("data: image_folder, 2 classes (left 4, right 4 in test), 8 images in test; skipped: .heic 1\n"));
  EXPECT_EQ(run({"eval", "mixed_run", "--quiet"}).error, "");
  EXPECT_EQ(json({"train", "mixed.yaml", "--dry-run"})["data"]["skipped"], Json({{".gif", 2}, {".heic", 1}, {".txt", 1}}));
}

TEST_F(PhotoFolder, EverySplitIsScoredTogether) {
  EXPECT_EQ(json({"eval", "run", "--split", "all"})["images"], 96);
  EXPECT_EQ(json({"eval", "run", "--split", "all"})["split"], "all");
  EXPECT_EQ(json({"eval", "run", "--split", "validation"})["images"], 16);
  EXPECT_THAT(refusal({"eval", "run", "--split", "everything"}),
              HasSubstr("expected train, validation (or val), test or all"));
}

TEST_F(PhotoFolder, ADamagedTestImageIsNamedBeforeTheFirstEpoch) {
  write_squares("damaged/train", 20, 1);
  write_squares("damaged/test", 4, 1000);
  const std::string whole = text("damaged/test/right/3.ppm");
  write("damaged/test/right/3.ppm", whole.substr(0, whole.size() - 1));
  write("damaged.yaml", config("damaged"));
  const std::string error = refusal({"train", "damaged.yaml", "--out", "damaged_run"});
  EXPECT_THAT(error, AllOf(HasSubstr("damaged/test/right/3.ppm: expected"), HasSubstr("data.on_error: skip")));
  EXPECT_FALSE(exists("damaged_run"));
  const Finished skipped =
      run({"train", "damaged.yaml", "--out", "damaged_run", "--set", "data.on_error=skip", "--set", "train.epochs=1"});
  EXPECT_EQ(skipped.code, 0) << skipped.error;
  EXPECT_THAT(skipped.error, HasSubstr("8 in test; skipped: unreadable images 1\n"));
  EXPECT_LT(skipped.error.find("data: image_folder"), skipped.error.find("warning: skipped: "))
      << "the data first, then what was left out of it";
  EXPECT_THAT(run({"eval", "damaged_run"}).error, testing::StartsWith("data: image_folder"));
}

TEST_F(PhotoFolder, ATableOfLabelsIsTrainedOn) {
  write_squares("listed", 20, 1);
  std::string table = "file,class,fold\n";
  for (int i = 0; i < 20; ++i) {
    for (const char* name : {"left", "right"}) {
      table += std::string(name) + "/" + std::to_string(i) + "," + name + (i < 15 ? ",train\n" : ",test\n");
    }
  }
  write("listed/labels.csv", table);
  std::string text = config("listed");
  text.replace(text.find("image_folder, root: listed"), 26,
               "image_list, file: listed/labels.csv, path_column: file, label_column: class, split_column: fold, "
               "extension: .ppm");
  write("listed.yaml", text);
  ASSERT_EQ(run({"train", "listed.yaml", "--out", "listed_run", "--quiet"}).code, 0);
  const Json scores = json({"eval", "listed_run"});
  EXPECT_EQ(scores["images"], 10);
  EXPECT_EQ(scores["per_class"][1]["name"], "right");
}

TEST_F(PhotoFolder, ClassesAreListed) {
  EXPECT_EQ(json({"overlay", "run", "--class", "list"}),
            Json({{{"class", 0}, {"name", "left"}}, {{"class", 1}, {"name", "right"}}}));
  EXPECT_EQ(run({"overlay", "run", "--class", "list"}).out, "   0  left\n   1  right\n");
  EXPECT_EQ(run({"overlay", "run", "photo.ppm", "--class", "list"}).out, "   0  left\n   1  right\n");
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
