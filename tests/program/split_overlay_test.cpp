// `fovea overlay --split`: a data set's own images.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glimpse_program.h"
#include "image_bytes.h"
#include "photo_program.h"

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// A network trained on images of 8 x 8 pixels.
class SplitOverlay : public ProgramTest {
 protected:
  static void SetUpTestSuite() {
    ProgramTest::SetUpTestSuite();
    write_tiny_experiment();
    const Finished trained = run({"train", "tiny.yaml", "--set", "train.epochs=1", "--out", "run", "--quiet"});
    ASSERT_EQ(trained.code, 0) << trained.error;
  }
};

TEST_F(SplitOverlay, PicturesDoNotGoAmongTheImagesOfADataSet) {
  const Image square(8, 8, 3);
  for (const char* file : {"photos/train/a/1.png", "photos/train/b/1.png", "photos/test/a/1.png", "photos/test/b/1.png"}) {
    write(file, encoded::png(square, 1));
  }
  write("photos.yaml",
        "data: {name: image_folder, root: photos, validation: none}\npreprocess: {resize: 8, crop: 8}\n"
        "model: {name: resnet8, width: 4}\ntrain: {epochs: 1}\n");
  ASSERT_EQ(run({"train", "photos.yaml", "--out", "of_photos", "--quiet"}).code, 0);
  for (const char* folder : {"photos", "photos/test"}) {
    EXPECT_THAT(refusal({"overlay", "of_photos", "--split", "test", "--out", folder}),
                HasSubstr(std::string("output folder: expected a folder apart from the images, got ") + folder + ", which"));
  }
  EXPECT_FALSE(exists("photos/split_test"));
}

TEST_F(SplitOverlay, DrawsTheFirstImagesWithTheirTruth) {
  const Json entries = overlay_json({"--split", "test", "--limit", "5", "--out", "first"});
  ASSERT_EQ(entries.size(), 5U);
  EXPECT_EQ(entries[3]["image"], "image 3");
  EXPECT_EQ(entries[3]["output"], "first/split_test/00003.attention.png");
  EXPECT_EQ(entries[3]["true"]["name"], std::to_string(entries[3]["true"]["class"].get<int>()));
  const Image drawn = picture("first/split_test/00003.attention.png");
  EXPECT_EQ(drawn.height, 224) << "8 pixels, 28 times larger";
  EXPECT_EQ(drawn.width, 224);
  EXPECT_TRUE(exists("first/contact_sheet.split_test.attention.png"));

  EXPECT_EQ(overlay_json({"--split", "test", "--out", "default"}).size(), 36U);
  const std::string printed = run({"overlay", "run", "--split", "test", "--limit", "1", "--out", "text"}).out;
  EXPECT_THAT(printed, HasSubstr("image 0  "));
  EXPECT_THAT(printed, HasSubstr("  true: " + entries[0]["true"]["name"].get<std::string>()));
}

TEST_F(SplitOverlay, ImagesAreTheSameForAnyNumberOfThreads) {
  const auto entries = [](const std::string& threads) {
    return overlay_json({"--split", "test", "--wrong", "--limit", "7", "--threads", threads, "--out", "threads"});
  };
  EXPECT_EQ(entries("1"), entries("3"));
}

TEST_F(SplitOverlay, WrongImagesAreThoseThatTheModelGetsWrong) {
  const Json scores = json({"eval", "run", "--split", "test"});
  std::int64_t wrong = 0;
  for (std::size_t truth = 0; truth < 10; ++truth) {
    for (std::size_t predicted = 0; predicted < 10; ++predicted) {
      if (truth != predicted) wrong += scores["confusion"][truth][predicted].get<std::int64_t>();
    }
  }
  ASSERT_GT(wrong, 0) << "trained too well for this test";
  const Json entries =
      overlay_json({"--split", "test", "--wrong", "--limit", "1000", "--method", "gradcam", "--out", "wrong"});
  EXPECT_EQ(std::ssize(entries), wrong);
  for (const Json& entry : entries) EXPECT_NE(entry["true"]["class"], entry["predicted"]);
  EXPECT_TRUE(exists("wrong/contact_sheet.split_test-wrong.gradcam.png"));

  // How many are wrong in all is said where fewer are drawn.
  const std::vector<std::string> two{"--split", "test", "--wrong", "--limit", "2", "--out", "two"};
  const Json some = overlay_json(two);
  ASSERT_EQ(some.size(), 2U);
  EXPECT_EQ(some[0]["split"], "test");
  EXPECT_EQ(some[0]["split_images"], scores["images"]);
  EXPECT_EQ(some[1]["split_wrong"], wrong);
  std::vector<std::string> command{"overlay", "run"};
  command.insert(command.end(), two.begin(), two.end());
  EXPECT_THAT(run(command).out, HasSubstr("\n" + std::to_string(wrong) + " of " + scores["images"].dump() +
                                          " test images are wrong; 2 drawn\n"));
}

TEST_F(SplitOverlay, OtherSplitsHaveFilesOfTheirOwn) {
  for (const char* split : {"train", "validation", "all"}) {
    const Json entries = overlay_json({"--split", split, "--limit", "2", "--out", "splits"});
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_THAT(entries[0]["output"].get<std::string>(), StartsWith(std::string("splits/split_") + split + "/"));
    EXPECT_TRUE(exists(std::string("splits/contact_sheet.split_") + split + ".attention.png"));
  }
}

TEST_F(SplitOverlay, SettingsChooseTheData) {
  write_tiny_mnist(path("other"), 20);
  EXPECT_EQ(overlay_json({"--split", "test", "--set", "data.root=" + path("other"), "--out", "other_out"}).size(), 20U);
}

TEST_F(SplitOverlay, RefusesWhatDoesNotFit) {
  EXPECT_THAT(overlay_error({"photo.png", "--split", "test"}),
              HasSubstr("--split: expected no image files beside it, got 'photo.png'"));
  EXPECT_THAT(overlay_error({"photo.png", "--wrong"}), HasSubstr("--wrong: expected --split"));
  EXPECT_THAT(overlay_error({"photo.png", "--limit", "3"}), HasSubstr("--limit: expected --split"));
  EXPECT_THAT(overlay_error({"--split", "tets"}),
              HasSubstr("--split: expected train, validation (or val), test or all, got 'tets'; did you mean 'test'?"));
  EXPECT_THAT(overlay_error({"--split", "test", "--limit", "0"}), HasSubstr("limit: expected"));
  EXPECT_THAT(overlay_error({"--split", "test", "--set", "model.name=resnet20"}), HasSubstr("model.name"));
}

using SplitGlimpses = GlimpseProgram;

TEST_F(SplitGlimpses, CanvasesAreDrawnWithTheirPath) {
  const Json entries = json({"overlay", "run", "--split", "test", "--limit", "2", "--maps", "--out", "canvases"});
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[1]["output"], "canvases/split_test/00001.glimpses.png");
  const Image drawn = picture("canvases/split_test/00001.glimpses.png");  // 12 x 20, 12 times larger
  EXPECT_EQ(drawn.height, 144);
  EXPECT_EQ(drawn.width, 240);
  EXPECT_TRUE(exists("canvases/split_test/00001.glimpses.panel.png"));
  const Json about = Json::parse(text("canvases/split_test/00001.glimpses.json"));
  EXPECT_EQ(about["photo"], Json::parse(R"({"height": 12, "width": 20})")) << "maps are in the image's own pixels";
  EXPECT_EQ(about["fixations"][0], Json::array({10.0, 6.0}));
}

using SplitPhotos = PhotoProgram;

TEST_F(SplitPhotos, PhotosKeepTheirNamesAndFolders) {
  const Json entries = json({"overlay", "run", "--split", "test", "--limit", "3", "--out", "photos"});
  ASSERT_EQ(entries.size(), 3U);
  for (const Json& entry : entries) {
    const std::string name = entry["true"]["name"];
    EXPECT_THAT(entry["output"].get<std::string>(), StartsWith("photos/split_test/" + name + "/"));
    EXPECT_THAT(entry["image"].get<std::string>(), StartsWith("images/test/" + name + "/"));
    EXPECT_TRUE(exists(entry["output"])) << entry["output"];
  }
}

TEST_F(SplitPhotos, FilesOfPhotosAndOfASplitStayApart) {
  write_squares("tricky/split_test", 2, 9);
  write_squares("tricky/test", 2, 19);
  std::set<std::string> before;
  const auto expect_new_files = [&](std::vector<std::string> images) {
    images.insert(images.end(), {"--out", "apart"});
    std::set<std::string> files;
    for (const Json& entry : overlay_json(images)) {
      for (const char* key : {"output", "contact_sheet"}) files.insert(entry[key].get<std::string>());
    }
    for (const std::string& file : files) EXPECT_TRUE(before.insert(file).second) << file;
  };
  expect_new_files({"tricky", "--layer", "all"});
  expect_new_files({"--split", "all", "--limit", "2"});
  expect_new_files({"--split", "test", "--limit", "2"});
  EXPECT_TRUE(exists("apart/photo_split_test/left/0.attention.layer3.0.se.spatial.png"));
}

TEST_F(SplitPhotos, UnreadablePhotosAreSkippedWhereTheDataSetSkipsThem) {
  write_squares("damaged/train", 20, 1);
  write_squares("damaged/test", 3, 1000);
  write("damaged/test/left/0.ppm", "no image");
  const std::vector<std::string> command{"overlay",           "run",   "--split",    "test", "--set",
                                         "data.root=damaged", "--out", "damaged_out"};
  EXPECT_THAT(refusal(command), HasSubstr("damaged/test/left/0.ppm"));
  std::vector<std::string> skipping = command;
  skipping.insert(skipping.end(), {"--set", "data.on_error=skip"});
  const Finished finished = run(skipping);
  EXPECT_EQ(finished.code, 0) << finished.error;
  EXPECT_THAT(finished.error, HasSubstr("damaged/test/left/0.ppm"));
  EXPECT_TRUE(exists("damaged_out/split_test/left/1.attention.png"));
}

}  // namespace
}  // namespace fovea
