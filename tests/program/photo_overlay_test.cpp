// Attention drawn on photos: `fovea overlay` as a user runs it.

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memory_limit.h"
#include "photo_program.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

using PhotoOverlay = PhotoProgram;

TEST_F(PhotoOverlay, OverlaysKeepThePhotosSize) {
  const Json entries = json({"overlay", "run", "photo.ppm", "--out", "out"});
  ASSERT_EQ(entries.size(), 1U);
  for (const char* key : {"image", "method", "layer", "class", "output", "map"})
    EXPECT_TRUE(entries[0].contains(key)) << key;
  EXPECT_EQ(entries[0]["method"], "attention");
  EXPECT_EQ(entries[0]["layer"], "layer3.0.se.spatial");
  EXPECT_EQ(entries[0]["output"], "out/photo.attention.png");
  EXPECT_TRUE(entries[0]["map"].is_null());
  const Image overlay = picture("out/photo.attention.png");
  EXPECT_EQ(overlay.height, 60);
  EXPECT_EQ(overlay.width, 97);
  EXPECT_NE(overlay.pixels, picture("photo.ppm").pixels);
  EXPECT_TRUE(exists("out/contact_sheet.attention.png"));
}

TEST_F(PhotoOverlay, EveryLayerCanBeSeen) {
  const Json listed = json({"overlay", "run", "--layer", "list"});
  ASSERT_EQ(listed.size(), 10U);  // channel and spatial gates of three blocks, and one SE; three stages
  EXPECT_EQ(listed[1]["layer"], "layer1.0.se.spatial");
  EXPECT_EQ(listed[1]["shape"], Json::array({16, 16}));
  EXPECT_EQ(listed[6]["kind"], "channel");
  EXPECT_EQ(listed[6]["method"], "attention");
  EXPECT_EQ(listed[9]["method"], "gradcam");
  EXPECT_EQ(listed[9]["layer"], "layer3");
  for (const std::vector<std::string>& images : {std::vector<std::string>{"photo.ppm"}, {"--split", "test"}}) {
    std::vector<std::string> command{"overlay", "run", "--layer", "list"};
    command.insert(command.end(), images.begin(), images.end());
    EXPECT_EQ(json(command), listed) << "images are not needed, and not in the way";
  }
  EXPECT_THAT(run({"overlay", "run", "--layer", "list"}).out,
              AllOf(StartsWith("method attention: the network's own attention\n  layer1.0.se.channel "),
                    HasSubstr("\n\nmethod gradcam: Grad-CAM"), HasSubstr("\n  layer3 ")));

  const Json entries = json({"overlay", "run", "photo.ppm", "--layer", "all", "--maps", "--out", "all"});
  ASSERT_EQ(entries.size(), 7U);
  for (const Json& entry : entries) {
    EXPECT_TRUE(exists(entry["output"])) << entry["output"];
    EXPECT_TRUE(exists(entry["map"])) << entry["map"];
  }
  EXPECT_TRUE(exists("all/photo.attention.all.png"));  // the grid
  EXPECT_TRUE(exists("all/photo.attention.all.channels.png"));
  const Json about = Json::parse(text("all/photo.attention.layer1.0.se.spatial.json"));
  EXPECT_EQ(about["shape"], Json::array({16, 16}));
  EXPECT_EQ(about["photo"]["width"], 97);
  ASSERT_EQ(about["map_to_photo"].size(), 2U);
  // 60 rows were resized to 16, and one position of the map is one input pixel.
  EXPECT_NEAR(about["map_to_photo"][1][1].get<double>(), 60.0 / 16.0, 1e-9);

  EXPECT_EQ(json({"overlay", "run", "photo.ppm", "--layer", "layer1", "--out", "one"}).size(), 2U);
}

TEST_F(PhotoOverlay, GradCamExplainsAnyClass) {
  const Json left = json({"overlay", "run", "photo.ppm", "--method", "gradcam", "--class", "left", "--out", "left"});
  const Json right = json({"overlay", "run", "photo.ppm", "--method", "gradcam", "--class", "1", "--out", "right"});
  EXPECT_EQ(left[0]["layer"], "layer3");
  EXPECT_EQ(left[0]["class"], 0);
  EXPECT_EQ(right[0]["name"], "right");
  EXPECT_NEAR(left[0]["probability"].get<double>() + right[0]["probability"].get<double>(), 1, 1e-9);
  EXPECT_NE(picture("left/photo.gradcam.0-left.png").pixels, picture("right/photo.gradcam.1-right.png").pixels);
}

TEST_F(PhotoOverlay, TheAutomaticMethodExplainsWhatIsAskedFor) {
  const auto drawn = [](std::vector<std::string> options) {
    std::vector<std::string> command{"overlay", "run", "photo.ppm", "--out", "asked", "--json"};
    command.insert(command.end(), options.begin(), options.end());
    return run(command);
  };
  const auto method_of = [](const Finished& finished) { return Json::parse(finished.out).at(0)["method"]; };
  const Finished of_class = drawn({"--class", "left"});
  EXPECT_EQ(method_of(of_class), "gradcam");
  EXPECT_EQ(of_class.error, "fovea: note: method auto is gradcam here: attention is the same for every class\n");
  EXPECT_TRUE(exists("asked/photo.gradcam.0-left.png"));
  const Finished of_layer = drawn({"--layer", "layer3.0.conv2"});
  EXPECT_EQ(method_of(of_layer), "gradcam");
  EXPECT_EQ(of_layer.error, "fovea: note: method auto is gradcam here: attention has no map of the layer\n");
  EXPECT_EQ(drawn({"--class", "left", "--quiet"}).error, "");
  for (const char* layer : {"layer1.0.se", "layer3_gate", "all"}) {
    const Finished of_attention = drawn({"--layer", layer});
    EXPECT_EQ(method_of(of_attention), "attention") << layer;
    EXPECT_EQ(of_attention.error, "");
  }
}

TEST_F(PhotoOverlay, EveryFileIsNamedOnce) {
  const auto drawn_files = [](const std::string& folder) {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path(folder))) {
      if (entry.is_regular_file()) files.push_back(folder + "/" + entry.path().lexically_relative(path(folder)).string());
    }
    return files;
  };
  const std::vector<std::vector<std::string>> commands{
      {"--layer", "all", "--maps"}, {"--class", "left", "--class", "right", "--layer", "layer2", "--layer", "layer3"}};
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const std::string folder = "named" + std::to_string(i);
    std::vector<std::string> command{"overlay", "run", "photo.ppm", "images/test/left/0.ppm", "--out", folder};
    command.insert(command.end(), commands[i].begin(), commands[i].end());
    const std::string text = run(command).out;
    std::set<std::string> in_json;
    for (const Json& entry : json(command)) {
      for (const Json& value : entry) in_json.insert(value.is_string() ? value.get<std::string>() : "");
    }
    for (const std::string& file : drawn_files(folder)) {
      const std::size_t first = text.find(" " + file + "\n");
      EXPECT_NE(first, std::string::npos) << file << " is not in\n" << text;
      EXPECT_EQ(text.find(" " + file + "\n", first + 1), std::string::npos) << file << " is twice in\n" << text;
      EXPECT_TRUE(in_json.contains(file)) << file;
    }
  }
}

TEST_F(PhotoOverlay, EqualNamesDoNotOverwriteEachOther) {
  const Json entries = json({"overlay", "run", "images/test/left/0.ppm", "images/test/right/0.ppm", "images/test",
                             "photo.ppm", "photo.ppm", "--out", "names"});
  std::set<std::string> outputs;
  for (const Json& entry : entries) {
    EXPECT_TRUE(outputs.insert(entry["output"].get<std::string>()).second) << entry["output"];
    EXPECT_TRUE(exists(entry["output"])) << entry["output"];
  }
  EXPECT_EQ(outputs.size(), 2U + 16U + 2U);
  EXPECT_TRUE(exists("names/0.attention.png"));
  EXPECT_TRUE(exists("names/0-2.attention.png"));
  EXPECT_TRUE(exists("names/left/0.attention.png"));
}

TEST_F(PhotoOverlay, NoOutputReplacesAnotherOrAPhoto) {
  const std::string photo = square_photo(20, 24, 0, 3);
  for (const char* name :
       {"cat.ppm", "cat.channels.ppm", "cat.layer3.0.se.spatial.ppm", "contact_sheet.ppm", "contact_sheet-2.ppm"}) {
    write(std::string("tricky/") + name, photo);
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
  EXPECT_TRUE(exists("tricky_out/contact_sheet.attention.all.png"));
  EXPECT_FALSE(files.contains("tricky_out/contact_sheet.attention.all.png"));

  write("own/photo.ppm", photo);
  const Finished refused = run({"overlay", "run", "own", "--out", "own"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.error, HasSubstr("output folder: expected a folder apart from the images"));
  EXPECT_EQ(text("own/photo.ppm"), photo);

  for (int time = 0; time < 2; ++time) {  // what the first run wrote is no input of the second
    EXPECT_EQ(json({"overlay", "run", "own", "--out", "own/overlays"}).size(), 1U);
  }
}

TEST_F(PhotoOverlay, ALongFolderTakesPagesAndNoMoreMemory) {
  write("large.ppm", square_photo(400, 600, 1, 9));  // 0.7 MB of pixels
  for (int i = 0; i < 160; ++i) {
    for (const char* folder : {"few", "many"}) {
      if (folder == std::string("few") && i >= 20) continue;
      std::filesystem::create_directories(path(folder));
      std::filesystem::create_symlink(path("large.ppm"), path(folder + ("/" + std::to_string(i) + ".ppm")));
    }
  }
  const Finished few = run({"overlay", "run", "few", "--out", "few_out"});
  const Finished many = run({"overlay", "run", "many", "--out", "many_out"});
  ASSERT_EQ(few.code, 0) << few.error;
  ASSERT_EQ(many.code, 0) << many.error;
  EXPECT_TRUE(exists("few_out/contact_sheet.attention-2.png"));
  EXPECT_FALSE(exists("few_out/contact_sheet.attention-3.png"));
  EXPECT_TRUE(exists("many_out/contact_sheet.attention-9.png"));
  constexpr std::int64_t kKept = 140 * 700;  // KiB, were the photos kept; a third of it would be noticed
  if (MemoryLimit::is_possible()) {          // a sanitizer keeps freed memory
    EXPECT_LT(many.peak_kibibytes, few.peak_kibibytes + kKept / 3);
  }

  ASSERT_EQ(run({"overlay", "run", "photo.ppm", "--out", "many_out"}).code, 0);
  EXPECT_FALSE(exists("many_out/contact_sheet.attention-2.png")) << "a page of the run before";
}

TEST_F(PhotoOverlay, UnreadablePhotosDoNotStopTheOthers) {
  write("mixed/empty.jpg", "");
  write("mixed/text.png", "this is no image");
  write("mixed/photo.ppm", square_photo(30, 20, 1, 5));
  const Finished finished = run({"overlay", "run", "mixed", "--out", "mixed_out"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.error, AllOf(HasSubstr("mixed/empty.jpg"), HasSubstr("mixed/text.png"),
                                    HasSubstr("expected 3 readable images, got 2 that are not")));
  EXPECT_TRUE(exists("mixed_out/photo.attention.png"));

  const Finished predicted = run({"predict", "run", "mixed", "--json"});
  EXPECT_EQ(predicted.code, 2);
  EXPECT_EQ(Json::parse(predicted.out).size(), 1U);
  EXPECT_THAT(predicted.error, HasSubstr("expected 3 readable images, got 2 that are not"));

  const Finished alone = run({"overlay", "run", "mixed/empty.jpg", "--out", "alone"});
  EXPECT_EQ(alone.code, 2);
  EXPECT_THAT(alone.error, HasSubstr("fovea: error: mixed/empty.jpg: expected an image, got an empty file"));
}

TEST_F(PhotoOverlay, OverlayRefusesWhatItCannotShow) {
  const auto error = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"overlay", "run"});
    return refusal(arguments);
  };
  EXPECT_THAT(error({}), HasSubstr("expected images"));
  EXPECT_THAT(error({"photo.ppm", "--method", "gradcamm"}), HasSubstr("did you mean 'gradcam'?"));
  EXPECT_THAT(error({"photo.ppm", "--method", "glimpses"}), HasSubstr("got one without; use method attention"));
  EXPECT_THAT(error({"photo.ppm", "--layer", "layer3.0.se.channel", "--opacity", "0.3"}),
              HasSubstr("a layer with a spatial map, got layer3.0.se.channel; remove it"));
  EXPECT_THAT(error({"photo.ppm", "--layer", "layer3.0.se.spatia"}), HasSubstr("did you mean 'layer3.0.se.spatial'?"));
  EXPECT_THAT(error({"photo.ppm", "--class", "lefd", "--method", "gradcam"}), HasSubstr("did you mean 'left'?"));
  EXPECT_THAT(error({"photo.ppm", "--class", "2", "--method", "gradcam"}), HasSubstr("its number below 2"));
  EXPECT_THAT(error({"photo.ppm", "--class", "left", "--method", "attention"}), HasSubstr("use method gradcam"));
  EXPECT_THAT(error({"photo.ppm", "--range", "1", "0"}), HasSubstr("the lower one first"));
  EXPECT_THAT(error({"photo.ppm", "--range", "0", "inf"}), HasSubstr("--range: expected a number, got 'inf'"));
  EXPECT_THAT(error({"--layer", "list", "--layer", "layer1"}), HasSubstr("no other layer, got some; remove them"));
  EXPECT_THAT(error({"photo.ppm", "--opacity", "2"}), HasSubstr("opacity"));
  EXPECT_THAT(error({"nothing.jpg"}), HasSubstr("nothing.jpg: expected"));
  EXPECT_THAT(error({"photo.ppm", "--set", "data.root=x"}), HasSubstr("setting data.root=x"));
}

TEST_F(PhotoOverlay, AFixedRangeMakesPicturesComparable) {
  ASSERT_EQ(run({"overlay", "run", "photo.ppm", "--range", "2", "3", "--opacity", "1", "--out", "range"}).code, 0);
  const Image overlay =
      picture("range/photo.attention.png");  // gates stay below 1: everything has the first colour, inferno's #000004
  const int x = overlay.width / 2;           // inside the crop
  EXPECT_EQ(overlay.at(30, x, 0), 0);
  EXPECT_EQ(overlay.at(30, x, 1), 0);
  EXPECT_LE(overlay.at(30, x, 2), 4);
}

TEST_F(PhotoOverlay, OnePixelIsAPhotoToo) {
  write("pixel.ppm", "P6 1 1 255\nabc");
  ASSERT_EQ(json({"overlay", "run", "pixel.ppm", "--out", "pixel"}).size(), 1U);
  EXPECT_EQ(picture("pixel/pixel.attention.png").pixels.size(), 3U);
}

TEST_F(PhotoOverlay, ClassesAreDrawnSideBySide) {
  const std::vector<std::string> command{"overlay", "run", "photo.ppm", "--method", "gradcam", "--maps", "--out", "sides"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), command.begin(), command.end());
    return json(std::move(more));
  };
  const Json both = with({"--class", "right", "--class", "left", "--class", "1"});  // right is class 1
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0]["name"], "right");
  EXPECT_EQ(both[1]["name"], "left");
  EXPECT_EQ(both[0]["layer"], both[1]["layer"]);
  EXPECT_EQ(both[0]["predicted"], both[1]["predicted"]);
  EXPECT_EQ(both[0]["output"], "sides/photo.gradcam.1-right.png");
  EXPECT_EQ(both[1]["output"], "sides/photo.gradcam.0-left.png");
  EXPECT_EQ(both[0]["map"], "sides/photo.gradcam.layer3.1-right.npy");
  EXPECT_EQ(Json::parse(text("sides/photo.gradcam.layer3.0-left.json"))["name"], "left");
  const Image together = picture("sides/photo.gradcam.1-right+0-left.png");
  EXPECT_GT(together.width, 3 * 224) << "the photo and both classes";
  EXPECT_EQ(picture("sides/contact_sheet.gradcam.1-right+0-left.png").width, together.width);

  // Each is what it is alone, under the same name; and nothing is replaced by other classes, layers and methods.
  const std::string right = text("sides/photo.gradcam.1-right.png");
  const std::string sheet = text("sides/contact_sheet.gradcam.1-right+0-left.png");
  ASSERT_EQ(with({"--class", "right"}).size(), 1U);
  EXPECT_TRUE(text("sides/photo.gradcam.1-right.png") == right);
  ASSERT_EQ(with({"--layer", "layer2", "--class", "right"}).size(), 1U);
  ASSERT_EQ(with({"--layer", "layer1", "--layer", "layer2"}).size(), 2U);
  ASSERT_EQ(json({"overlay", "run", "photo.ppm", "--out", "sides"}).size(), 1U);
  EXPECT_TRUE(text("sides/photo.gradcam.1-right.png") == right);
  EXPECT_TRUE(text("sides/contact_sheet.gradcam.1-right+0-left.png") == sheet);
  for (const char* file : {"photo.gradcam.layer2.1-right.png", "photo.gradcam.layer1.png", "photo.gradcam.layer2.png",
                           "photo.gradcam.layer1+layer2.png", "photo.attention.png", "contact_sheet.gradcam.1-right.png",
                           "contact_sheet.gradcam.layer2.1-right.png", "contact_sheet.gradcam.layer1+layer2.png",
                           "contact_sheet.attention.png"}) {
    EXPECT_TRUE(exists(std::string("sides/") + file)) << file;
  }
}

TEST_F(PhotoOverlay, ALayerOfAnyDepthCanBeSeen) {
  const auto layers_of = [](const Json& entries) {
    std::vector<std::string> layers;
    for (const Json& entry : entries) layers.push_back(entry["layer"]);
    return layers;
  };
  const std::vector<std::string> listed = layers_of(json({"overlay", "run", "--method", "gradcam", "--layer", "list"}));
  EXPECT_THAT(listed, testing::ElementsAre("layer1", "layer2", "layer3"));
  const auto shown = [&](const std::string& layer) {
    return layers_of(json({"overlay", "run", "photo.ppm", "--method", "gradcam", "--layer", layer, "--out", "deep"}));
  };
  for (const char* layer : {"layer3", "layer3.0", "layer3.0.conv2", "layer1.0.bn1", "conv1"}) {
    EXPECT_THAT(shown(layer), testing::ElementsAre(layer));
    EXPECT_TRUE(exists(std::string("deep/photo.gradcam.") + layer + ".png")) << layer;
  }
  EXPECT_THAT(shown("all"), testing::ElementsAreArray(listed));
  // The stage gives what its last block gives, where no gate or warp follows it; here a gate does.
  EXPECT_NE(text("deep/photo.gradcam.layer3.png"), text("deep/photo.gradcam.layer3.0.conv2.png"));

  const auto error = [](const std::string& layer) {
    return refusal({"overlay", "run", "photo.ppm", "--method", "gradcam", "--layer", layer, "--out", "deep"});
  };
  EXPECT_THAT(error("layer3.0.conv3"), HasSubstr("did you mean 'layer3.0.conv"));
  EXPECT_THAT(error("layer4"), HasSubstr("did you mean 'layer"));
  EXPECT_THAT(error("fc"), HasSubstr("got 'fc', which has no map over the image; list the layers"));
}

TEST_F(PhotoOverlay, ChannelAttentionIsShownAsBarsBesideThePhoto) {
  const Json entries =
      json({"overlay", "run", "photo.ppm", "--layer", "layer3_gate", "--layer", "layer3.0.se.channel", "--out", "gates"});
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0]["output"], "gates/photo.attention.layer3_gate+layer3.0.se.channel.channels.png");
  const Image sheet = picture("gates/contact_sheet.attention.layer3_gate+layer3.0.se.channel.png");
  EXPECT_GT(sheet.width, 2 * 224) << "the photo and the gates of two layers";
  int blue = 0;
  for (int y = 0; y < sheet.height; ++y) {
    for (int x = 260; x < sheet.width; ++x) {
      blue += sheet.at(y, x, 2) > sheet.at(y, x, 0) + 60 ? 1 : 0;
    }
  }
  EXPECT_GT(blue, 1000) << "bars";
}

}  // namespace
}  // namespace fovea
