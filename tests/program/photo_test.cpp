// Folders of photos in, attention drawn on photos out: the program as a user runs it.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <fovea/base/random.h>
#include <fovea/config/config_node.h>
#include <fovea/image/decode.h>
#include <fovea/image/image.h>

#include "program.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

/// A photo as PPM: noise, and a bright square on the left (class 0) or on the right (class 1).
std::string square_photo(int height, int width, int label, std::uint64_t seed) {
  std::string bytes = "P6 " + std::to_string(width) + " " + std::to_string(height) + " 255\n";
  RandomStream stream(seed, Purpose::test);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool inside = std::abs(y - height / 2) < height / 6 && std::abs(x - (1 + 2 * label) * width / 4) < width / 6;
      for (int c = 0; c < 3; ++c) bytes.push_back(static_cast<char>(stream.below(60) + (inside ? 180 : 0)));
    }
  }
  return bytes;
}

constexpr const char* kClassNames[] = {"left", "right"};

/// `images` of each class below a folder, of several sizes.
void write_squares(const TemporaryDirectory& folder, const std::string& below, int images, std::uint64_t seed) {
  for (int label = 0; label < 2; ++label) {
    for (int i = 0; i < images; ++i) {
      const int height = 20 + 3 * (i % 4);
      const int width = 24 + 5 * (i % 3);
      folder.write(below + "/" + kClassNames[label] + "/" + std::to_string(i) + ".ppm",
                   square_photo(height, width, label, seed + static_cast<std::uint64_t>(2 * i + label)));
    }
  }
}

/// Bytes that the machine can still give.
std::int64_t available_memory() {
  std::ifstream file("/proc/meminfo");
  for (std::string key, unit; file >> key;) {
    std::int64_t kibibytes = 0;
    file >> kibibytes;
    if (key == "MemAvailable:") return kibibytes * 1024;
    std::getline(file, unit);
  }
  return 0;
}

/// One trained model for all tests.
class PhotoProgram : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryDirectory;
    write_squares(*folder_, "images/train", 40, 1);
    write_squares(*folder_, "images/test", 8, 1000);
    folder_->write("photos.yaml", config("images"));
    const Finished finished = run({"train", "photos.yaml", "--out", "run", "--quiet"});
    ASSERT_EQ(finished.code, 0) << finished.error;
    folder_->write("photo.ppm", square_photo(60, 97, 0, 77));
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static std::string config(const std::string& root) {
    return "data: {name: image_folder, root: " + root +
           ", validation: 0.2, augment: {flip: 0.0}}\n"
           "preprocess: {resize: 16, crop: 16}\n"
           "model: {name: resnet8, width: 4, attention: [{name: cbam}, {name: se, at: stage, stages: [3]}]}\n"
           "train: {epochs: 2, batch_size: 32, optimizer: {name: adamw, learning_rate: 0.01}}\n";
  }
  static Finished run(const std::vector<std::string>& arguments) { return run_fovea(folder_->path(), arguments); }
  static Json json(std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    const Finished finished = run(arguments);
    EXPECT_EQ(finished.code, 0) << finished.error;
    return finished.code == 0 ? Json::parse(finished.out) : Json();
  }
  static bool exists(const std::string& file) { return std::filesystem::exists(folder_->path(file)); }
  static Image picture(const std::string& file) { return decode_image_file(folder_->path(file)); }

  static TemporaryDirectory* folder_;
};

TemporaryDirectory* PhotoProgram::folder_ = nullptr;

TEST_F(PhotoProgram, TrainingLeavesPictures) {
  for (const char* file : {"curves.png", "confusion_test.png", "calibration_test.png"}) {
    EXPECT_GT(picture(std::string("run/") + file).width, 200) << file;
  }
}

TEST_F(PhotoProgram, OverlaysKeepThePhotosSize) {
  const Json entries = json({"overlay", "run", "photo.ppm", "--out", "out"});
  ASSERT_EQ(entries.size(), 1U);
  for (const char* key : {"image", "method", "layer", "class", "output", "map"})
    EXPECT_TRUE(entries[0].contains(key)) << key;
  EXPECT_EQ(entries[0]["method"], "attention");
  EXPECT_EQ(entries[0]["layer"], "layer3.0.se.spatial");
  EXPECT_EQ(entries[0]["output"], "out/photo.png");
  EXPECT_TRUE(entries[0]["map"].is_null());
  const Image overlay = picture("out/photo.png");
  EXPECT_EQ(overlay.height, 60);
  EXPECT_EQ(overlay.width, 97);
  EXPECT_NE(overlay.pixels, picture("photo.ppm").pixels);
  EXPECT_TRUE(exists("out/contact_sheet.png"));
}

TEST_F(PhotoProgram, EveryLayerCanBeSeen) {
  const Json listed = json({"overlay", "run", "--layer", "list"});
  ASSERT_EQ(listed.size(), 7U);  // channel and spatial gates of three blocks, and one SE
  EXPECT_EQ(listed[1]["layer"], "layer1.0.se.spatial");
  EXPECT_EQ(listed[1]["shape"], Json::array({16, 16}));
  EXPECT_EQ(listed[6]["kind"], "channel");

  const Json entries = json({"overlay", "run", "photo.ppm", "--layer", "all", "--maps", "--out", "all"});
  ASSERT_EQ(entries.size(), 7U);
  for (const Json& entry : entries) {
    EXPECT_TRUE(exists(entry["output"])) << entry["output"];
    EXPECT_TRUE(exists(entry["map"])) << entry["map"];
  }
  EXPECT_TRUE(exists("all/photo.png"));  // the grid
  EXPECT_TRUE(exists("all/photo.channels.png"));
  const Json about = Json::parse(file_text(folder_->path("all/photo.layer1.0.se.spatial.json")));
  EXPECT_EQ(about["shape"], Json::array({16, 16}));
  EXPECT_EQ(about["photo"]["width"], 97);
  ASSERT_EQ(about["map_to_photo"].size(), 2U);
  // 60 rows were resized to 16, and one cell is one input pixel.
  EXPECT_NEAR(about["map_to_photo"][1][1].get<double>(), 60.0 / 16.0, 1e-9);

  EXPECT_EQ(json({"overlay", "run", "photo.ppm", "--layer", "layer1", "--out", "one"}).size(), 2U);
}

TEST_F(PhotoProgram, GradCamExplainsAnyClass) {
  const Json left = json({"overlay", "run", "photo.ppm", "--method", "gradcam", "--class", "left", "--out", "left"});
  const Json right = json({"overlay", "run", "photo.ppm", "--method", "gradcam", "--class", "1", "--out", "right"});
  EXPECT_EQ(left[0]["layer"], "layer3");
  EXPECT_EQ(left[0]["class"], 0);
  EXPECT_EQ(right[0]["name"], "right");
  EXPECT_NEAR(left[0]["probability"].get<double>() + right[0]["probability"].get<double>(), 1, 1e-9);
  EXPECT_NE(picture("left/photo.png").pixels, picture("right/photo.png").pixels);
}

TEST_F(PhotoProgram, EqualNamesDoNotOverwriteEachOther) {
  const Json entries = json({"overlay", "run", "images/test/left/0.ppm", "images/test/right/0.ppm", "images/test",
                             "photo.ppm", "photo.ppm", "--out", "names"});
  std::set<std::string> outputs;
  for (const Json& entry : entries) {
    EXPECT_TRUE(outputs.insert(entry["output"].get<std::string>()).second) << entry["output"];
    EXPECT_TRUE(exists(entry["output"])) << entry["output"];
  }
  EXPECT_EQ(outputs.size(), 2U + 16U + 2U);
  EXPECT_TRUE(exists("names/0.png"));
  EXPECT_TRUE(exists("names/0-2.png"));
  EXPECT_TRUE(exists("names/left/0.png"));
}

TEST_F(PhotoProgram, NoOutputReplacesAnotherOrAPhoto) {
  const std::string photo = square_photo(20, 24, 0, 3);
  for (const char* name :
       {"cat.ppm", "cat.channels.ppm", "cat.layer3.0.se.spatial.ppm", "contact_sheet.ppm", "contact_sheet-2.ppm"}) {
    folder_->write(std::string("tricky/") + name, photo);
  }
  std::set<std::string> files;
  std::set<std::string> strips;
  for (const Json& entry : json({"overlay", "run", "tricky", "--layer", "all", "--maps", "--out", "tricky_out"})) {
    if (entry["output"].get<std::string>().find(".channels.") == std::string::npos) {
      EXPECT_TRUE(files.insert(entry["output"]).second) << entry["output"];
    } else {
      strips.insert(entry["output"]);
    }
    EXPECT_TRUE(files.insert(entry["map"]).second) << entry["map"];
  }
  EXPECT_EQ(strips.size(), 5U);
  EXPECT_TRUE(exists("tricky_out/contact_sheet.png"));
  EXPECT_FALSE(files.contains("tricky_out/contact_sheet.png"));

  folder_->write("own/photo.ppm", photo);
  const Finished refused = run({"overlay", "run", "own", "--out", "own"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.error, HasSubstr("--out: expected a folder apart from the images"));
  EXPECT_EQ(file_text(folder_->path("own/photo.ppm")), photo);

  for (int time = 0; time < 2; ++time) {  // what the first run wrote is no input of the second
    EXPECT_EQ(json({"overlay", "run", "own", "--out", "own/overlays"}).size(), 1U);
  }
}

TEST_F(PhotoProgram, ALongFolderTakesPagesAndNoMoreMemory) {
  folder_->write("large.ppm", square_photo(400, 600, 1, 9));  // 0.7 MB of pixels
  for (int i = 0; i < 160; ++i) {
    for (const char* folder : {"few", "many"}) {
      if (folder == std::string("few") && i >= 20) continue;
      std::filesystem::create_directories(folder_->path(folder));
      std::filesystem::create_symlink(folder_->path("large.ppm"),
                                      folder_->path(folder + ("/" + std::to_string(i) + ".ppm")));
    }
  }
  const Finished few = run({"overlay", "run", "few", "--out", "few_out"});
  const Finished many = run({"overlay", "run", "many", "--out", "many_out"});
  ASSERT_EQ(few.code, 0) << few.error;
  ASSERT_EQ(many.code, 0) << many.error;
  EXPECT_TRUE(exists("few_out/contact_sheet-2.png"));
  EXPECT_FALSE(exists("few_out/contact_sheet-3.png"));
  EXPECT_TRUE(exists("many_out/contact_sheet-9.png"));
  constexpr std::int64_t kKept = 140 * 700;  // KiB, were the photos kept; a third of it would be noticed
  EXPECT_LT(many.peak_kibibytes, few.peak_kibibytes + kKept / 3);

  ASSERT_EQ(run({"overlay", "run", "photo.ppm", "--out", "many_out"}).code, 0);
  EXPECT_FALSE(exists("many_out/contact_sheet-2.png")) << "a page of the run before";
}

TEST_F(PhotoProgram, UnreadablePhotosDoNotStopTheOthers) {
  folder_->write("mixed/empty.jpg", "");
  folder_->write("mixed/text.png", "this is no image");
  folder_->write("mixed/photo.ppm", square_photo(30, 20, 1, 5));
  const Finished finished = run({"overlay", "run", "mixed", "--out", "mixed_out"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.error, AllOf(HasSubstr("mixed/empty.jpg"), HasSubstr("mixed/text.png"),
                                    HasSubstr("expected 3 readable images, got 2 that are not")));
  EXPECT_TRUE(exists("mixed_out/photo.png"));

  const Finished predicted = run({"predict", "run", "mixed", "--json"});
  EXPECT_EQ(predicted.code, 2);
  EXPECT_EQ(Json::parse(predicted.out).size(), 1U);
  EXPECT_THAT(predicted.error, HasSubstr("expected 3 readable images, got 2 that are not"));

  const Finished alone = run({"overlay", "run", "mixed/empty.jpg", "--out", "alone"});
  EXPECT_EQ(alone.code, 2);
  EXPECT_THAT(alone.error, HasSubstr("fovea: error: mixed/empty.jpg: expected an image, got an empty file"));
}

TEST_F(PhotoProgram, OverlayRefusesWhatItCannotShow) {
  const auto error = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"overlay", "run"});
    const Finished finished = run(arguments);
    EXPECT_EQ(finished.code, 2) << finished.error;
    return finished.error;
  };
  EXPECT_THAT(error({}), HasSubstr("expected images"));
  EXPECT_THAT(error({"photo.ppm", "--method", "gradcamm"}), HasSubstr("did you mean 'gradcam'?"));
  EXPECT_THAT(error({"photo.ppm", "--method", "glimpses"}), HasSubstr("got one without; use --method attention"));
  EXPECT_THAT(error({"photo.ppm", "--layer", "layer3.0.se.channel", "--opacity", "0.3"}), HasSubstr("leave it out"));
  EXPECT_THAT(error({"photo.ppm", "--layer", "layer3.0.se.spatia"}), HasSubstr("did you mean 'layer3.0.se.spatial'?"));
  EXPECT_THAT(error({"photo.ppm", "--class", "lefd", "--method", "gradcam"}), HasSubstr("did you mean 'left'?"));
  EXPECT_THAT(error({"photo.ppm", "--class", "2", "--method", "gradcam"}), HasSubstr("its number below 2"));
  EXPECT_THAT(error({"photo.ppm", "--class", "left"}), HasSubstr("use --method gradcam"));
  EXPECT_THAT(error({"photo.ppm", "--range", "1", "0"}), HasSubstr("the lower one first"));
  EXPECT_THAT(error({"photo.ppm", "--range", "0", "inf"}), HasSubstr("two finite numbers"));
  EXPECT_THAT(error({"photo.ppm", "--layer", "list"}), HasSubstr("leave them out"));
  EXPECT_THAT(error({"photo.ppm", "--opacity", "2"}), HasSubstr("opacity"));
  EXPECT_THAT(error({"nothing.jpg"}), HasSubstr("nothing.jpg: expected"));
  EXPECT_THAT(error({"photo.ppm", "--set", "data.root=x"}), HasSubstr("--set data.root=x"));
}

TEST_F(PhotoProgram, AFixedRangeMakesPicturesComparable) {
  ASSERT_EQ(run({"overlay", "run", "photo.ppm", "--range", "2", "3", "--opacity", "1", "--out", "range"}).code, 0);
  const Image overlay =
      picture("range/photo.png");   // gates stay below 1: everything has the first colour, inferno's #000004
  const int x = overlay.width / 2;  // inside the crop
  EXPECT_EQ(overlay.at(30, x, 0), 0);
  EXPECT_EQ(overlay.at(30, x, 1), 0);
  EXPECT_LE(overlay.at(30, x, 2), 4);
}

TEST_F(PhotoProgram, UnreadableTrainingImagesAreNamed) {
  write_squares(*folder_, "broken/train", 20, 1);
  write_squares(*folder_, "broken/test", 4, 1000);
  folder_->write("broken/train/left/bad.jpg", "no image");
  folder_->write("broken/test/right/empty.png", "");
  folder_->write("broken.yaml", config("broken"));
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

  // The model does not depend on who met the file first.
  ASSERT_EQ(
      run({"train", "broken.yaml", "--set", "data.on_error=skip", "--set", "data.workers=5", "--out", "again", "--quiet"})
          .code,
      0);
  EXPECT_EQ(file_text(folder_->path("again/model.safetensors")), file_text(folder_->path("skipped/model.safetensors")));
}

TEST_F(PhotoProgram, NothingReadableIsAnError) {
  write_squares(*folder_, "unread/train", 20, 1);
  folder_->write("unread/test/left/bad.jpg", "no image");
  folder_->write("unread.yaml", config("unread"));
  const Finished finished = run({"train", "unread.yaml", "--set", "data.on_error=skip", "--out", "unread_run", "--quiet"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.error, HasSubstr("expected readable test images, got none"));
  EXPECT_FALSE(exists("unread_run/summary.json"));
}

TEST_F(PhotoProgram, AClassNameHasToBeText) {
  write_squares(*folder_, "latin/train", 20, 1);
  write_squares(*folder_, "latin/test", 2, 1000);
  folder_->write("latin/train/caf\xE9/a.ppm", square_photo(20, 20, 0, 1));
  folder_->write("latin.yaml", config("latin"));
  const Finished finished = run({"train", "latin.yaml", "--out", "latin_run"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.error, HasSubstr("expected a class name in UTF-8"));
}

TEST_F(PhotoProgram, AModelCannotBeScoredOnATrainingImageByAnotherSplit) {
  write_squares(*folder_, "flat", 20, 1);
  folder_->write("flat.yaml", config("flat"));
  ASSERT_EQ(run({"train", "flat.yaml", "--out", "flat_run", "--quiet"}).code, 0);
  EXPECT_EQ(json({"eval", "flat_run"})["images"], 8);
  for (const char* setting : {"data.test=0.9", "data.split_seed=9"}) {
    const Finished finished = run({"eval", "flat_run", "--set", setting});
    EXPECT_EQ(finished.code, 2) << setting;
    EXPECT_THAT(finished.error, HasSubstr("leaves the training split alone"));
  }
}

TEST_F(PhotoProgram, TheModelKeepsItsClassMap) {
  for (int i = 0; i < 3; ++i) {
    folder_->write("some/test/right/" + std::to_string(i) + ".ppm",
                   square_photo(24, 24, 1, 2000 + static_cast<std::uint64_t>(i)));
  }
  const Json scores = json({"eval", "run", "--set", "data.root=some"});
  EXPECT_EQ(scores["images"], 3);
  EXPECT_EQ(scores["per_class"][0]["images"], 0);
  EXPECT_EQ(scores["per_class"][1]["name"], "right");
  EXPECT_EQ(scores["per_class"][1]["images"], 3);

  folder_->write("some/test/middle/0.ppm", square_photo(24, 24, 1, 3000));
  const Finished unknown = run({"eval", "run", "--set", "data.root=some"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.error, HasSubstr("a class 'middle'"));
}

TEST_F(PhotoProgram, PreviewShowsAugmentedImagesAndTrainsNothing) {
  const std::vector<std::string> arguments = {
      "train", "photos.yaml", "--preview", "preview.png", "--set", "data.augment={random_resized_crop: 1, color_jitter: 1}"};
  EXPECT_EQ(json(arguments), Json({{"preview", "preview.png"}}));
  EXPECT_GT(picture("preview.png").width, 8 * 100);
  EXPECT_FALSE(exists("runs"));

  const Finished refused = run({"train", "photos.yaml", "--preview", "preview.png", "--out", "unused"});
  EXPECT_EQ(refused.code, 2);
}

TEST_F(PhotoProgram, OnePixelIsAPhotoToo) {
  folder_->write("pixel.ppm", "P6 1 1 255\nabc");
  ASSERT_EQ(json({"overlay", "run", "pixel.ppm", "--out", "pixel"}).size(), 1U);
  EXPECT_EQ(picture("pixel/pixel.png").pixels.size(), 3U);
}

/// A black PNG of one bit per pixel, a few kilobytes of file for any size.
std::string black_png(std::uint32_t side) {
  const auto big_endian = [](std::uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift & 0xFFU));
    return bytes;
  };
  const auto chunk = [&](const std::string& body) {  // type and data
    const auto* bytes = reinterpret_cast<const Bytef*>(body.data());
    const auto checksum = static_cast<std::uint32_t>(crc32(0, bytes, static_cast<uInt>(body.size())));
    return big_endian(static_cast<std::uint32_t>(body.size()) - 4) + body + big_endian(checksum);
  };
  const std::string rows(std::size_t{side} * (1 + (side + 7) / 8), '\0');  // a filter byte before each row
  uLongf length = compressBound(rows.size());
  std::string packed(length, '\0');
  compress(reinterpret_cast<Bytef*>(packed.data()), &length, reinterpret_cast<const Bytef*>(rows.data()), rows.size());
  packed.resize(length);
  const std::string header = "IHDR" + big_endian(side) + big_endian(side) + std::string("\x01\0\0\0\0", 5);
  return "\x89PNG\r\n\x1A\n" + chunk(header) + chunk("IDAT" + packed) + chunk("IEND");
}

TEST_F(PhotoProgram, FourHundredMegapixelsAreRead) {
  if (available_memory() < std::int64_t{4} << 30) GTEST_SKIP() << "needs 4 GiB of free memory";
  folder_->write("huge.png", black_png(20'000));
  const Json predictions = json({"predict", "run", "huge.png"});
  ASSERT_EQ(predictions.size(), 1U);

  folder_->write("too_large.png", black_png(40'000));  // 1.6 Gigapixels, in 200 kB
  const Finished refused = run({"predict", "run", "too_large.png"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.error, HasSubstr("too_large.png: expected an image of at most 1073741824 pixels, got 40000 x 40000"));
}

TEST_F(PhotoProgram, AFolderWithoutASizeIsRefused) {
  const Finished finished = run({"train", "photos.yaml", "--out", "unused", "--set", "preprocess.crop=0"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.error, AllOf(HasSubstr("preprocess: expected a size"), HasSubstr("preprocess.crop")));
}

}  // namespace
}  // namespace fovea
