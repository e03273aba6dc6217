#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <temporary_directory.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/weights/model_file.h>

#include "file_text.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

PreprocessOptions example_preprocess() {
  PreprocessOptions preprocess;
  preprocess.resize = {40, 30};
  preprocess.crop = {24};
  preprocess.interpolation = Interpolation::bicubic;
  preprocess.antialias = false;
  preprocess.mean = {0.1, 1.0 / 3.0};
  preprocess.standard_deviation = {0.2, 1e-3};
  return preprocess;
}

Json example_description(const std::vector<std::string>& classes = {"cat", "dog", "owl"}) {
  const InputSpec input{2, 24, 18, std::ssize(classes)};
  return describe_model({{"name", "resnet20"}, {"width", 8}}, input, classes, example_preprocess());
}

TEST(ModelFileTest, ADescriptionReadsBackAsWritten) {
  ModelDescription read = parse_description(example_description().dump(), "test");
  EXPECT_EQ(read.model.find("name")->scalar, "resnet20");
  EXPECT_EQ(read.model.find("width")->scalar, "8");
  EXPECT_EQ(read.input.channels, 2);
  EXPECT_EQ(read.input.height, 24);
  EXPECT_EQ(read.input.width, 18);
  EXPECT_EQ(read.input.num_classes, 3);
  EXPECT_EQ(read.classes, (std::vector<std::string>{"cat", "dog", "owl"}));
  auto preprocess = example_preprocess();
  EXPECT_EQ(write_fields(read.preprocess), write_fields(preprocess));
  EXPECT_EQ(read.preprocess.mean, preprocess.mean);  // the shortest decimals that read back, not six digits
}

TEST(ModelFileTest, ADescriptionKeepsHowImagesAreRead) {
  const DecodeOptions twelve_bits_on_white{.alpha = Alpha::white, .levels = Levels{0, 4095}};
  const Json description =
      describe_model({{"name", "resnet20"}}, {2, 24, 18, 1}, {"cat"}, example_preprocess(), twelve_bits_on_white);
  EXPECT_EQ(parse_description(description.dump(), "test").decode, twelve_bits_on_white);
  EXPECT_EQ(parse_description(example_description().dump(), "test").decode, DecodeOptions());
  EXPECT_FALSE(example_description().contains("decode"));  // as earlier revisions wrote it
}

TEST(ModelFileTest, NothingIsWrittenThatReadingRefuses) {
  for (const InputSpec& input : {InputSpec{2, 16385, 18, 1}, InputSpec{2, 24, 16385, 1}, InputSpec{1025, 24, 18, 1}}) {
    EXPECT_THAT(
        [&] {
          describe_model({{"name", "resnet20"}}, input, {"cat"}, example_preprocess());
        },
        ThrowsMessage<InputError>(StartsWith("network input: ")));
  }
}

TEST(ModelFileTest, AnyClassNameReturns) {
  std::vector<std::string> classes{"null",        "~",       "true",       "",       " ",           "12",
                                   "- a",         "a: b",    "#1",         "a, b",   "[x]",         "{y}",
                                   "&a",          "*a",      "!t",         "%d",     "it's",        "say \"hi\"",
                                   "back\\slash", "C:\\new", "two\nlines", "a\ttab", "caf\xc3\xa9", "\xf0\x9f\xa6\x89",
                                   "<<",          "---",     "..."};
  for (char control = 1; control < 32; ++control) classes.push_back(std::string("c") + control);
  classes.push_back("\x7f");
  classes.push_back(std::string(5000, 'n'));
  EXPECT_EQ(parse_description(example_description(classes).dump(), "test").classes, classes);
}

TEST(ModelFileTest, AThousandClassesReturn) {
  std::vector<std::string> classes;
  for (int i = 0; i < 1000; ++i) classes.push_back("class number " + std::to_string(i));
  const ModelDescription read = parse_description(example_description(classes).dump(), "test");
  EXPECT_EQ(read.classes, classes);
  EXPECT_EQ(read.input.num_classes, 1000);
}

TEST(ModelFileTest, AFileHoldsWeightsAndDescription) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("model.safetensors");
  write_model_file(path, {{"fc.weight", torch::arange(6).view({2, 3})}}, example_description());
  const SafetensorsFile file(path);
  EXPECT_TRUE(torch::equal(file.tensor("fc.weight"), torch::arange(6).view({2, 3})));
  const ModelDescription read = read_description(file.metadata(), path);
  EXPECT_EQ(read.model.find("name")->scalar, "resnet20");
  EXPECT_EQ(read.classes.size(), 3);
  EXPECT_EQ(file.metadata().at("format"), "pt");  // what other readers of the format look for
}

TEST(ModelFileTest, EqualWeightsGiveEqualBytes) {
  const TemporaryDirectory folder;
  const auto write = [&](const std::string& name) {
    write_model_file(folder.path(name), {{"w", torch::ones({3})}, {"v", torch::zeros({2})}}, example_description());
    return file_text(folder.path(name));
  };
  const std::string bytes = write("a");
  EXPECT_EQ(write("b"), bytes);
  EXPECT_THAT(bytes, testing::Not(HasSubstr(folder.path())));
}

TEST(ModelFileTest, AFlippedBitIsRefused) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("model.safetensors");
  write_model_file(path, {{"fc.weight", torch::arange(600, torch::kFloat32).view({20, 30})}, {"steps", torch::ones({3})}},
                   example_description());
  const std::string bytes = file_text(path);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); bit += 20) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_THROW(SafetensorsFile(folder.write("flipped" + std::to_string(bit), flipped)), InputError)
        << "bit " << bit << " of " << bytes.substr(bit / 8 - std::min<std::size_t>(bit / 8, 20), 40);
    std::filesystem::remove(folder.path("flipped" + std::to_string(bit)));
  }
}

TEST(ModelFileTest, AFileThatWasWrittenAgainKeepsItsChecksum) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("model.safetensors");
  write_model_file(path, {{"a", torch::ones({3})}, {"b", torch::zeros({2}, torch::kInt64)}}, example_description());
  const SafetensorsFile file(path);
  ASSERT_TRUE(file.is_checked());
  const std::string again = folder.path("again.safetensors");
  write_safetensors(again, file.tensors(), file.metadata());
  EXPECT_NO_THROW(SafetensorsFile{again});
  NamedTensors changed = file.tensors();
  changed["a"] = torch::full({3}, 2.0F);
  write_safetensors(again, changed, file.metadata());
  EXPECT_THAT([&] { SafetensorsFile{again}; },
              ThrowsMessage<InputError>(AllOf(StartsWith(again + ": fovea.checksum: expected xxh64:"),
                                              HasSubstr("if it was changed on purpose, remove that key"))));
  Metadata unchecked = file.metadata();
  unchecked.erase("fovea.checksum");
  write_safetensors(again, changed, unchecked);  // as earlier versions and other libraries write files
  EXPECT_EQ(read_description(SafetensorsFile(again).metadata(), again).classes.size(), 3U);
}

TEST(ModelFileTest, ForeignSafetensorsAreRefused) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("external");
  const std::vector<Metadata> metadata{
      {}, {{"format", "pt"}}, {{"fovea.format", "1"}}, {{"fovea.model", example_description().dump()}}};
  for (const Metadata& entries : metadata) {
    write_safetensors(path, {{"w", torch::ones({1})}}, entries);
    EXPECT_THAT([&] { read_description(SafetensorsFile(path).metadata(), path); },
                ThrowsMessage<InputError>(StartsWith(
                    path + ": expected a model file written by fovea, got safetensors without fovea's description; ")));
  }
}

TEST(ModelFileTest, AnotherFormatVersionIsRefused) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("later");
  write_safetensors(path, {{"w", torch::ones({1})}}, {{"fovea.format", "2"}, {"fovea.model", example_description().dump()}});
  EXPECT_THAT(
      [&] { read_description(SafetensorsFile(path).metadata(), path); },
      ThrowsMessage<InputError>(AllOf(StartsWith(path + ": fovea.format: expected 1, got '2'; "), HasSubstr("update"))));
}

TEST(ModelFileTest, AForgedImageSizeCannotAskForAllMemory) {
  const auto refusal = [](const char* section, const Json& changes) -> std::string {
    Json description = example_description();
    description[section].update(changes);
    try {
      parse_description(description.dump(), "a");
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal("input", {{"height", 11585}, {"width", 11585}}),
              HasSubstr("a: input: expected images of at most 67108864 values, got 11585 x 11585 with "));
  EXPECT_THAT(refusal("preprocess", {{"resize", {11585}}, {"crop", {0}}}),
              HasSubstr("a: preprocess: expected images of at most"));
  EXPECT_THAT(refusal("preprocess", {{"resize", {256}}, {"crop", {11585, 11000}}}), HasSubstr("got 11585 x 11000 with "));
  EXPECT_EQ(refusal("input", {{"height", 2048}, {"width", 2048}}), "accepted");
}

TEST(ModelFileTest, ADamagedDescriptionIsRefusedWithItsPlace) {
  const auto without = [](const char* key) {
    Json description = example_description();
    description.erase(key);
    return description.dump();
  };
  const auto with = [](const char* section, const char* key, const Json& value) {
    Json description = example_description();
    description[section][key] = value;
    return description.dump();
  };
  const auto instead = [](const char* section, const Json& value) {
    Json description = example_description();
    description[section] = value;
    return description.dump();
  };
  const std::vector<std::pair<std::string, std::string>> damaged{
      {"", ": byte 1: expected valid JSON, got its end"},
      {"{", ": byte 2: expected valid JSON"},
      {",", ": byte 1: expected valid JSON, got an unexpected ','"},
      {R"({"model": {}, "model": {}})", "expected every key once, got 'model' again"},
      {"[1, 2]", "expected the key 'model'"},
      {"text", ": byte 2: expected valid JSON"},
      {std::string(100000, '['), "expected "},
      {without("model"), "expected the key 'model' of a model description, got none"},
      {without("input"), "expected the key 'input' of a model description, got none"},
      {without("classes"), "expected the key 'classes' of a model description, got none"},
      {without("preprocess"), "expected the key 'preprocess' of a model description, got none"},
      {instead("model", "resnet20"), "expected the key 'model' of a model description, got 'resnet20'"},
      {instead("classes", Json::object()), "expected the key 'classes' of a model description, got a map"},
      {instead("input", Json::array()), "expected the key 'input' of a model description, got a list"},
      {with("input", "channels", 0), "input.channels: expected an integer from 1 to 1024, got '0'"},
      {with("input", "channels", 1e30), "input.channels: expected an integer"},
      {with("input", "channels", 3), "preprocess.mean: expected 3 values, as input.channels, got 2"},
      {with("input", "height", -1), "input.height: expected an integer"},
      {with("input", "width", 16385), "input.width: expected an integer"},
      {with("input", "depth", 3), "input.depth: unknown key"},
      {with("preprocess", "mean", "x"), "preprocess.mean: expected"},
      {with("preprocess", "std", Json::array({0.0})), "preprocess.std: expected"},
      {with("preprocess", "crop", Json::array({1, 2, 3})), "preprocess.crop: expected"},
      {with("preprocess", "flip", true), "preprocess.flip: unknown key"},
  };
  for (const auto& [json, problem] : damaged) {
    SCOPED_TRACE(json.substr(0, 200));
    EXPECT_THAT([&] { parse_description(json, "a.safetensors: fovea.model"); },
                ThrowsMessage<InputError>(AllOf(StartsWith("a.safetensors: fovea.model"), HasSubstr(problem))));
  }
}

TEST(ModelFileTest, ClassesThatAreNoNamesAreRefused) {
  for (const Json& classes : {Json::array(), Json::array({"cat", Json::array({"dog"})}), Json::array({Json::object()})}) {
    Json description = example_description();
    description["classes"] = classes;
    EXPECT_THROW(parse_description(description.dump(), "test"), InputError) << classes.dump();
  }
}

}  // namespace
}  // namespace fovea
