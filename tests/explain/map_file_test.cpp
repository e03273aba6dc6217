#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/config/config_node.h>
#include <fovea/explain/map_file.h>

#include "file_text.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

/// A .npy file taken apart (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
struct NpyFile {
  std::string header;
  std::vector<float> values;
};

NpyFile read_npy(const std::string& path) {
  const std::string bytes = file_text(path);
  EXPECT_THAT(bytes, StartsWith(std::string("\x93NUMPY\x01\x00", 8)));  // version 1.0
  const auto byte = [&](std::size_t at) { return static_cast<std::size_t>(static_cast<std::uint8_t>(bytes.at(at))); };
  const std::size_t begin = 10 + byte(8) + 256 * byte(9);
  EXPECT_EQ(begin % 64, 0U);
  NpyFile file{bytes.substr(10, begin - 10), {}};
  EXPECT_EQ((bytes.size() - begin) % sizeof(float), 0U);
  file.values.resize((bytes.size() - begin) / sizeof(float));
  std::memcpy(file.values.data(), bytes.data() + begin, bytes.size() - begin);
  return file;
}

/// The header is a Python literal, then spaces and an end of line.
void expect_header(const std::string& header, const std::string& shape) {
  EXPECT_THAT(header, StartsWith("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }"));
  EXPECT_EQ(header.find_first_not_of(' ', header.find('}') + 1), header.size() - 1);
  EXPECT_EQ(header.back(), '\n');
}

LayerMap map_of(const torch::Tensor& values) {
  return {"layer", Meaning::gate, values, {}};
}

TEST(MapFileTest, WritesSpatialMapsRowByRow) {
  const TemporaryDirectory folder;
  const auto values = torch::tensor({{1.5F, -2.0F, 0.25F}, {3.0F, 4.0F, 1e-30F}});
  const std::string path = write_map(folder.path("a.layer"), map_of(values), nullptr, Json::object());
  EXPECT_EQ(path, folder.path("a.layer.npy"));
  const NpyFile file = read_npy(path);
  expect_header(file.header, "(2,3,)");
  EXPECT_THAT(file.values, ElementsAre(1.5F, -2.0F, 0.25F, 3.0F, 4.0F, 1e-30F));
}

TEST(MapFileTest, WritesMapsOfAnyLayoutAndType) {
  const TemporaryDirectory folder;
  const auto turned = torch::tensor({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}}, torch::kFloat64).t();
  const NpyFile file = read_npy(write_map(folder.path("a"), map_of(turned), nullptr, Json::object()));
  expect_header(file.header, "(3,2,)");
  EXPECT_THAT(file.values, ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(MapFileTest, WritesChannels) {
  const TemporaryDirectory folder;
  const NpyFile file = read_npy(write_map(folder.path("a"), map_of(torch::tensor({0.5F, 1.0F})), nullptr, Json::object()));
  expect_header(file.header, "(2,)");
  EXPECT_THAT(file.values, ElementsAre(0.5F, 1.0F));
  const NpyFile one = read_npy(write_map(folder.path("b"), map_of(torch::tensor({7.0F})), nullptr, Json::object()));
  expect_header(one.header, "(1,)");
}

TEST(MapFileTest, EveryHeaderEndsAtAMultipleOf64) {
  const TemporaryDirectory folder;
  for (const std::int64_t columns : {1, 10, 100, 1000, 10000}) {
    for (const std::int64_t rows : {1, 10, 100}) {
      const NpyFile file =
          read_npy(write_map(folder.path("a"), map_of(torch::zeros({rows, columns})), nullptr, Json::object()));
      expect_header(file.header, "(" + std::to_string(rows) + "," + std::to_string(columns) + ",)");
      EXPECT_EQ(file.values.size(), static_cast<std::size_t>(rows * columns));
    }
  }
}

TEST(MapFileTest, SaysWhereTheMapLies) {
  const TemporaryDirectory folder;
  const LayerMap map = map_of(torch::zeros({2, 4}));
  // A photo halved to 4 x 8 pixels, of which columns 2 to 5 and rows 1 and 2 were seen: a cell is two pixels wide.
  const PhotoMap place = map_on_photo(map, {2, 1, 2, 2}, 2, 4);
  write_map(folder.path("a"), map, &place, {{"image", "photo.jpg"}, {"layer", "layer"}});
  const std::string text = file_text(folder.path("a.json"));
  EXPECT_THAT(text, EndsWith("}\n"));
  const Json about = Json::parse(text);
  EXPECT_EQ(about["image"], "photo.jpg");
  EXPECT_EQ(about["layer"], "layer");
  EXPECT_EQ(about["shape"], Json::parse("[2, 4]"));
  EXPECT_EQ(about["photo_to_map"], Json::parse("[[0.5, 0, -2], [0, 0.5, -1]]"));
  EXPECT_EQ(about["map_to_photo"], Json::parse("[[2, 0, 4], [0, 2, 2]]"));
}

TEST(MapFileTest, ChannelsLieNowhere) {
  const TemporaryDirectory folder;
  write_map(folder.path("a"), map_of(torch::zeros({5})), nullptr, {{"layer", "layer"}});
  const Json about = Json::parse(file_text(folder.path("a.json")));
  EXPECT_EQ(about, Json::parse(R"({"layer": "layer", "shape": [5]})"));
}

TEST(MapFileTest, WritesTheWindowsOfGlimpses) {
  const TemporaryDirectory folder;
  GlimpsePath path;
  path.locations = torch::tensor({{0.0, 0.5}}, torch::kFloat64);
  path.windows = torch::tensor({{{0.0, 0.5, 0.25, 0.5}, {0.0, 0.5, 0.5, 1.0}}}, torch::kFloat64);
  path.patches = torch::zeros({1, 2, 1, 3, 3});
  path.probabilities = torch::tensor({{0.25, 0.75}}, torch::kFloat64);
  // An input of 4 x 8 pixels out of a photo twice as large, from its column 2 and row 1 on.
  const std::vector<PhotoGlimpse> glimpses = glimpses_on_photo(path, {2, 1, 2, 2}, 4, 8);
  const NpyFile file = read_npy(write_glimpses(folder.path("a.glimpses"), path, glimpses, {{"image", "photo.jpg"}}));
  expect_header(file.header, "(1,2,4,)");
  EXPECT_THAT(file.values, ElementsAre(10, 6, 14, 10, 8, 4, 16, 12));  // left, top, right, bottom
  const Json about = Json::parse(file_text(folder.path("a.glimpses.json")));
  EXPECT_EQ(about["image"], "photo.jpg");
  EXPECT_EQ(about["shape"], Json::parse("[1, 2, 4]"));
  EXPECT_EQ(about["columns"], Json::parse(R"(["left", "top", "right", "bottom"])"));
  EXPECT_EQ(about["fixations"], Json::parse("[[12, 8]]"));
  EXPECT_EQ(about["locations"], Json::parse("[[0, 0.5]]"));
  EXPECT_EQ(about["probabilities"], Json::parse("[[0.25, 0.75]]"));
}

TEST(MapFileTest, WritesNamesThatAreNoText) {
  const TemporaryDirectory folder;
  write_map(folder.path("a"), map_of(torch::zeros({1})), nullptr, {{"image", "caf\xE9.jpg"}});  // Latin-1
  EXPECT_EQ(Json::parse(file_text(folder.path("a.json")))["image"], "caf\xEF\xBF\xBD.jpg");
}

TEST(MapFileTest, NamesTheFolderThatIsMissing) {
  const TemporaryDirectory folder;
  EXPECT_THAT([&] { write_map(folder.path("none/a"), map_of(torch::zeros({1})), nullptr, Json::object()); },
              ThrowsMessage<SystemError>(StartsWith(folder.path("none/a.npy") + ": cannot write: ")));
}

}  // namespace
}  // namespace fovea
