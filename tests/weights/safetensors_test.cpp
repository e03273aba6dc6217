#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <limits>
#include <ostream>
#include <string>
#include <temporary_directory.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/base/random.h>
#include <fovea/weights/safetensors.h>

#include "file_text.h"
#include "fuzz.h"
#include "small_disk.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::ThrowsMessage;

constexpr std::array kEveryType{torch::kFloat64, torch::kFloat32, torch::kFloat16, torch::kBFloat16, torch::kInt64,
                                torch::kInt32,   torch::kInt16,   torch::kInt8,    torch::kUInt8,    torch::kBool};

/// The bytes of a contiguous CPU tensor: equality of values would take NaN for a difference and -0 for 0.
std::string bytes_of(const torch::Tensor& tensor) {
  return {static_cast<const char*>(tensor.data_ptr()), tensor.nbytes()};
}

std::string eight_bytes(std::uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

/// A file as the format has it: the header's length, the header, the data.
std::string file_of(const std::string& header, const std::string& data = "") {
  return eight_bytes(header.size()) + header + data;
}

/// 24 values of a type, some of them at its ends.
torch::Tensor values_of_type(torch::ScalarType type) {
  auto values = (torch::arange(24, torch::kFloat64) - 11).to(type);
  if (torch::isFloatingType(type)) {
    values[0] = std::numeric_limits<double>::quiet_NaN();
    values[1] = -std::numeric_limits<double>::infinity();
    values[2] = -0.0;
    values[3] = 1.0 / 3.0;
  }
  return values;
}

void expect_same_content(const NamedTensors& read, const NamedTensors& written) {
  ASSERT_EQ(read.size(), written.size());
  for (const auto& [name, tensor] : written) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(read.contains(name));
    EXPECT_EQ(read.at(name).scalar_type(), tensor.scalar_type());
    EXPECT_EQ(read.at(name).sizes(), tensor.sizes());
    EXPECT_EQ(bytes_of(read.at(name)), bytes_of(tensor.contiguous()));
  }
}

TEST(SafetensorsTest, EveryTypeAndShapeReturns) {
  const TemporaryDirectory folder;
  NamedTensors tensors;
  for (const torch::ScalarType type : kEveryType) {
    const auto values = values_of_type(type);
    const std::string name = c10::toString(type);
    tensors[name + " scalar"] = values[3];
    tensors[name + " one"] = values.slice(0, 0, 1);
    tensors[name + " row"] = values.slice(0, 0, 5);
    tensors[name + " 4-D"] = values.view({2, 3, 1, 4});
    tensors[name + " empty"] = values.slice(0, 0, 0);
    tensors[name + " empty 3-D"] = values.slice(0, 0, 0).view({2, 0, 3});
  }
  const std::string path = folder.path("a.safetensors");
  write_safetensors(path, tensors, {});
  const SafetensorsFile file(path);
  expect_same_content(file.tensors(), tensors);
  std::int64_t bytes = 0;
  for (const auto& [name, tensor] : tensors) bytes += static_cast<std::int64_t>(tensor.nbytes());
  EXPECT_EQ(file.data_bytes(), bytes);
}

TEST(SafetensorsTest, EmptyTensorsNeedNoDataBesideThem) {
  const TemporaryDirectory folder;
  const NamedTensors tensors{{"columns", torch::empty({0, 5})}, {"rows", torch::empty({7, 0}, torch::kInt64)}};
  const std::string path = folder.path("a.safetensors");
  write_safetensors(path, tensors, {});
  expect_same_content(SafetensorsFile(path).tensors(), tensors);
}

TEST(SafetensorsTest, AnEmptyFileHoldsNothing) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("a.safetensors");
  write_safetensors(path, {}, {});
  const SafetensorsFile file(path);
  EXPECT_TRUE(file.names().empty());
  EXPECT_TRUE(file.metadata().empty());
  EXPECT_EQ(file.data_bytes(), 0);
  EXPECT_EQ(file_text(path), file_of("{}      "));
}

TEST(SafetensorsTest, MetadataReturnsWhateverItsText) {
  const TemporaryDirectory folder;
  const Metadata metadata{{"format", "pt"},
                          {"", "empty key"},
                          {"empty", ""},
                          {"quote\"\\", "line\nfeed\tand \x01"},
                          {"caf\xc3\xa9", "\xe2\x82\xac"}};
  const std::string path = folder.path("a.safetensors");
  write_safetensors(path, {{"x", torch::ones({1})}}, metadata);
  const SafetensorsFile file(path);
  EXPECT_EQ(file.metadata(), metadata);
  EXPECT_THAT(file.names(), ElementsAre("x"));
}

TEST(SafetensorsTest, LayoutInMemoryDoesNotMatter) {
  const TemporaryDirectory folder;
  const auto image = torch::arange(60, torch::kFloat32).view({1, 3, 4, 5});
  auto parameter = torch::ones({2, 2}).requires_grad_();
  const NamedTensors tensors{{"transposed", torch::arange(6).view({2, 3}).t()},
                             {"strided", torch::arange(10).slice(0, 1, 10, 3)},
                             {"expanded", torch::ones({1, 3}).expand({4, 3})},
                             {"channels last", image.contiguous(torch::MemoryFormat::ChannelsLast)},
                             {"parameter", parameter * 2}};
  const std::string path = folder.path("a.safetensors");
  write_safetensors(path, tensors, {});
  const SafetensorsFile file(path);
  expect_same_content(file.tensors(), tensors);
  EXPECT_TRUE(torch::equal(file.tensor("channels last"), image));
  EXPECT_FALSE(file.tensor("parameter").requires_grad());
}

TEST(SafetensorsTest, TensorsOutliveTheFileAndDoNotWriteToIt) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("a.safetensors");
  write_safetensors(path, {{"x", torch::ones({3})}}, {});
  torch::Tensor tensor;
  {
    const SafetensorsFile file(path);
    file.tensor("x").zero_();
    tensor = file.tensor("x");
  }
  std::filesystem::remove(path);
  EXPECT_TRUE(torch::equal(tensor, torch::ones({3})));
}

TEST(SafetensorsTest, AFileTruncatedWhileItIsReadIsAnError) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("a.safetensors");
  write_safetensors(path, {{"x", torch::ones({100'000})}, {"y", torch::ones({100'000})}}, {});
  const SafetensorsFile file(path);
  std::filesystem::resize_file(path, 500'000);
  EXPECT_TRUE(torch::equal(file.tensor("x"), torch::ones({100'000})));
  EXPECT_THAT([&] { file.tensor("y"); }, ThrowsMessage<InputError>(AllOf(StartsWith(path + ": offset 500000: expected "),
                                                                         HasSubstr("truncated while it was read"))));
}

TEST(SafetensorsTest, AHeaderOfManySmallValuesIsRefusedBeforeItFillsTheMemory) {
  const TemporaryDirectory folder;
  std::string ones, empties, keys;
  for (int i = 0; i < 200'000; ++i) {
    ones += "1,";
    empties += "[],";
    keys += "\"" + std::to_string(i % 10'000) + "\":1,";
    if (i % 10'000 == 9'999) keys += "\"end\":1},\"" + std::to_string(i) + "\":{";
  }
  EXPECT_THAT([&] { SafetensorsFile(folder.write("a", file_of("{\"x\":{\"shape\":[" + ones + "1]}}"))); },
              ThrowsMessage<InputError>(HasSubstr("lists of at most 1024 numbers")));
  EXPECT_THAT([&] { SafetensorsFile(folder.write("a", file_of("{\"x\":[" + empties + "1]}"))); },
              ThrowsMessage<InputError>(HasSubstr("lists of at most 1024 numbers")));
  EXPECT_THAT([&] { SafetensorsFile(folder.write("a", file_of("{\"x\":{" + keys + "}}"))); },
              ThrowsMessage<InputError>(HasSubstr("at most 16384 tensors")));
}

TEST(SafetensorsTest, NamesAreSortedAndAnUnknownOneIsRefused) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("a.safetensors");
  write_safetensors(path, {{"b", torch::ones({1})}, {"a", torch::ones({1})}, {"c", torch::ones({1}, torch::kFloat64)}}, {});
  const SafetensorsFile file(path);
  EXPECT_THAT(file.names(), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(file.contains("a"));
  EXPECT_FALSE(file.contains("d"));
  EXPECT_THAT([&] { file.tensor("d"); }, ThrowsMessage<InputError>(path + ": expected a tensor 'd', got none of that name"));
}

TEST(SafetensorsTest, EqualContentGivesEqualBytes) {
  const TemporaryDirectory folder;
  const auto write = [&](const std::string& name, float value, bool transposed) {
    auto matrix = torch::arange(6, torch::kFloat32).view({2, 3}) * value;
    if (transposed) matrix = matrix.t().contiguous().t();  // the same values, other strides
    write_safetensors(folder.path(name), {{"m", matrix}, {"n", torch::ones({2}, torch::kUInt8)}}, {{"k", "v"}});
    return file_text(folder.path(name));
  };
  const std::string bytes = write("a", 1, false);
  EXPECT_EQ(write("b", 1, true), bytes);
  EXPECT_NE(write("c", 2, false), bytes);
}

TEST(SafetensorsTest, BytesAreThoseOfAFileWrittenByHand) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("a.safetensors");
  // Little-endian: 1.0f = 00 00 80 3f, -2.0f = 00 00 00 c0. The wider type comes first although its name sorts behind.
  const std::string data("\x00\x00\x80\x3f\x00\x00\x00\xc0\x07\x08\x09", 11);
  const std::string header = R"({"__metadata__":{"k":"v"},"z":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                             R"("a":{"dtype":"U8","shape":[3,1],"data_offsets":[8,11]}})";
  const std::string padded = header + std::string((8 - header.size() % 8) % 8, ' ');

  const NamedTensors tensors{{"z", torch::tensor({1.0F, -2.0F})},
                             {"a", torch::tensor({7, 8, 9}, torch::kUInt8).view({3, 1})}};
  write_safetensors(path, tensors, {{"k", "v"}});
  EXPECT_EQ(file_text(path), file_of(padded, data));

  const SafetensorsFile file(folder.write("by_hand", file_of(header, data)));  // padding is custom, not required
  expect_same_content(file.tensors(), tensors);
  EXPECT_EQ(file.metadata(), (Metadata{{"k", "v"}}));
}

TEST(SafetensorsTest, FilesFollowTheFormat) {
  const TemporaryDirectory folder;
  NamedTensors tensors;
  for (const torch::ScalarType type : kEveryType) {
    const auto values = values_of_type(type);
    tensors[std::string("a ") + c10::toString(type)] =
        values.slice(0, 0, 3);  // 3: no type's bytes fill a multiple of 8 by luck
    tensors[std::string("b ") + c10::toString(type)] = values[0];
  }
  const std::string path = folder.path("a.safetensors");
  write_safetensors(path, tensors, {{"k", "v"}});

  const std::string bytes = file_text(path);
  std::uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), sizeof header_bytes);  // the machine is little-endian, as the format
  EXPECT_EQ(header_bytes % 8, 0);                                 // so that the data starts aligned
  const std::string header = bytes.substr(8, header_bytes);
  EXPECT_EQ(header.front(), '{');
  EXPECT_EQ(header.substr(header.find_last_not_of(' '), 1), "}");

  const auto document = nlohmann::json::parse(header);
  EXPECT_EQ(document.size(), tensors.size() + 1);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> spans;
  for (const auto& [name, entry] : document.items()) {
    if (name == "__metadata__") continue;
    const std::uint64_t begin = entry.at("data_offsets").at(0);
    const std::uint64_t end = entry.at("data_offsets").at(1);
    EXPECT_EQ(begin % tensors.at(name).element_size(), 0) << name << " is not aligned";
    EXPECT_EQ(bytes.substr(8 + header_bytes + begin, end - begin), bytes_of(tensors.at(name).contiguous())) << name;
    spans.emplace_back(begin, end);
  }
  std::sort(spans.begin(), spans.end());
  std::uint64_t position = 0;
  for (const auto& [begin, end] : spans) {
    EXPECT_EQ(begin, position);
    position = end;
  }
  EXPECT_EQ(8 + header_bytes + position, bytes.size());
}

TEST(SafetensorsTest, ATypeWithoutANameIsRefusedBeforeTheFileIsTouched) {
  const TemporaryDirectory folder;
  const std::string path = folder.write("a.safetensors", "old");
  const auto complex = torch::zeros({2}, torch::kComplexFloat);
  EXPECT_THAT([&] { write_safetensors(path, {{"x", complex}}, {}); }, ThrowsMessage<Error>(HasSubstr("ComplexFloat")));
  EXPECT_EQ(file_text(path), "old");
}

/// The entry of a tensor 'x' of type U8.
std::string entry_x(const std::string& shape, const std::string& offsets) {
  return R"("x":{"dtype":"U8","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

struct HostileFile {
  const char* name;
  std::string bytes;
  std::string place;  ///< what the message says behind the path
  std::string got;    ///< a part of what it says was found
};

void PrintTo(const HostileFile& file, std::ostream* stream) {
  *stream << file.name;
}

std::vector<HostileFile> hostile_files() {
  const std::string four = "1234";
  const auto x = [&](const std::string& shape, const std::string& offsets, const std::string& data) {
    return file_of("{" + entry_x(shape, offsets) + "}", data);
  };
  const auto typed = [](const std::string& type) {
    return file_of(R"({"x":{"dtype":)" + type + R"(,"shape":[1],"data_offsets":[0,1]}})", "1");
  };
  const auto nested = [](char bracket, std::size_t times) { return file_of(R"({"x":)" + std::string(times, bracket)); };
  std::string nested_objects = "{";
  for (int i = 0; i < 100000; ++i) nested_objects += R"("x":{)";
  std::string fours = "[4";  // 4^32 = 2^64, of sides that fit the file one by one
  for (int i = 1; i < 32; ++i) fours += ",4";
  fours += "]";
  const std::string header = ": header: ";
  const std::string at_x = ": header: 'x': ";
  return {
      {"Nothing", "", ": ", "got 0 bytes"},
      {"SevenBytes", "1234567", ": ", "got 7 bytes"},
      {"NoHeader", eight_bytes(0) + "{}", ": offset 0: ", "from 2 to 2, got 0;"},
      {"HeaderOfOneByte", eight_bytes(1) + "{}", ": offset 0: ", "got 1;"},
      {"HeaderOneByteTooLong", eight_bytes(3) + "{}", ": offset 0: ", "from 2 to 2, got 3;"},
      {"HeaderOfHalfTheAddressSpace", eight_bytes(std::uint64_t{1} << 63) + "{}", ": offset 0: ", "got 9223372036854775808"},
      {"HeaderThatWrapsAround", eight_bytes(~std::uint64_t{0}) + "{}", ": offset 0: ", "got 18446744073709551615"},
      {"OnlyALength", eight_bytes(2), ": offset 0: ", "got 2"},
      {"EndlessJson", file_of("{ "), ": offset 10: ", "expected valid JSON in the header"},
      {"WrongBracket", file_of("{]"), ": offset 9: ", "expected valid JSON in the header"},
      {"TwoDocuments", file_of("{}{}"), ": offset 10: ", "expected valid JSON in the header"},
      {"NoUtf8", file_of("{\"\xff\":1}"), ": offset 10: ", "expected valid JSON in the header"},
      {"NumberBeyondDouble", file_of("{\"x\":1e999}"), header, "a number beyond any range"},
      {"ListAtTheTop", file_of("[]"), header, "expected a JSON object, got array"},
      {"TextAtTheTop", file_of("\"a\""), header, "expected a JSON object, got string"},
      {"NumberAtTheTop", file_of("12"), header, "expected a JSON object, got number"},
      {"NullAtTheTop", file_of("null"), header, "expected a JSON object, got null"},
      {"TensorTwice", file_of("{" + entry_x("[4]", "[0,4]") + "," + entry_x("[4]", "[0,4]") + "}", four), header,
       "'x' twice"},
      {"DtypeTwice", file_of(R"({"x":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}})", four), header,
       "'dtype' twice"},
      {"MetadataKeyTwice", file_of(R"({"__metadata__":{"k":"1","k":"2"}})"), header, "'k' twice"},
      {"MetadataTwice", file_of(R"({"__metadata__":{},"__metadata__":{}})"), header, "'__metadata__' twice"},
      {"MetadataList", file_of(R"({"__metadata__":[]})"), ": header: '__metadata__': ", "got array"},
      {"MetadataNumber", file_of(R"({"__metadata__":{"k":1}})"),
       ": header: '__metadata__': k: ", "expected text, got number"},
      {"TensorThatIsANumber", file_of(R"({"x":5})"), at_x, "expected the key 'dtype', got none"},
      {"TensorThatIsAList", file_of(R"({"x":[]})"), at_x, "expected the key 'dtype', got none"},
      {"NoDtype", file_of(R"({"x":{"shape":[4],"data_offsets":[0,4]}})", four), at_x, "expected the key 'dtype', got none"},
      {"UnknownDtype", typed(R"("F8_E4M3")"), at_x, R"(got "F8_E4M3")"},
      {"LowerCaseDtype", typed(R"("u8")"), at_x, R"(got "u8")"},
      {"DtypeNumber", typed("8"), at_x, "got 8;"},
      {"DtypeNull", typed("null"), at_x, "got null;"},
      {"NoShape", file_of(R"({"x":{"dtype":"U8","data_offsets":[0,4]}})", four), at_x, "expected the key 'shape', got none"},
      {"ShapeNumber", x("4", "[0,4]", four), at_x, "expected a shape, got 4"},
      {"ShapeText", x("\"4\"", "[0,4]", four), at_x, "expected a shape, got \"4\""},
      {"NegativeSide", x("[-4]", "[0,4]", four), at_x, "whole numbers >= 0, got -4"},
      {"TwoNegativeSides", x("[-2,-2]", "[0,4]", four), at_x, "got -2"},
      {"FractionalSide", x("[4.0]", "[0,4]", four), at_x, "got 4.0"},
      {"TextSide", x("[\"4\"]", "[0,4]", four), at_x, "got \"4\""},
      {"SideBeyond64Bits", x("[18446744073709551616]", "[0,4]", four), at_x, "whole numbers >= 0"},
      {"Terabytes", x("[1099511627776]", "[0,1099511627776]", four), at_x, "got shape [1099511627776]"},
      {"HugeSide", x("[9223372036854775808]", "[0,4]", four), at_x, "got shape [9223372036854775808]"},
      {"ProductThatWrapsToFour", x("[4611686018427387905,4]", "[0,4]", four), at_x, "got shape [4611686018427387905,4]"},
      {"ProductThatWrapsToNothing", x("[4294967296,4294967296]", "[0,0]", ""), at_x, "got shape [4294967296,4294967296]"},
      {"SmallSidesWhoseProductWraps",
       file_of("{" + entry_x(fours, "[0,0]") + R"(,"y":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", four), at_x,
       "got shape [4,4,"},
      {"HugeSideBesideNone", x("[0,9223372036854775808,4]", "[0,0]", ""), at_x, "shape"},
      {"NoOffsets", file_of(R"({"x":{"dtype":"U8","shape":[4]}})", four), at_x, "expected the key 'data_offsets', got none"},
      {"OneOffset", x("[4]", "[4]", four), at_x, "expected two data_offsets, got [4]"},
      {"ThreeOffsets", x("[4]", "[0,2,4]", four), at_x, "expected two data_offsets, got [0,2,4]"},
      {"OffsetsObject", x("[4]", R"({"a":0,"b":4})", four), at_x, "expected two data_offsets"},
      {"NegativeOffset", x("[4]", "[-4,0]", four), at_x, "got -4"},
      {"OffsetsReversed", x("[4]", "[4,0]", four), at_x, "got offsets [4,0]"},
      {"OffsetsBehindTheFile", x("[4]", "[1,5]", four), at_x, "got offsets [1,5]"},
      {"OffsetsThatWrap", x("[4]", "[18446744073709551612,0]", four), at_x, "got offsets [18446744073709551612,0]"},
      {"MoreBytesThanTheShape", x("[3]", "[0,4]", four), at_x, "expected 3 bytes"},
      {"FewerBytesThanTheShape", x("[4]", "[0,3]", four), at_x, "expected 4 bytes"},
      {"Truncated", x("[4]", "[0,4]", "123"), at_x, "3 bytes of data"},
      {"GapAtTheStart", x("[3]", "[1,4]", four), header, "one at 1 where 0 comes next"},
      {"GapBetween",
       file_of("{" + entry_x("[1]", "[0,1]") + R"(,"y":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})", four), header,
       "one at 2 where 1 comes next"},
      {"Overlap", file_of("{" + entry_x("[3]", "[0,3]") + R"(,"y":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})", four),
       header, "one at 2 where 3 comes next"},
      {"OneSpanForTwo",
       file_of("{" + entry_x("[4]", "[0,4]") + R"(,"y":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", four), header,
       "one at 0 where 4 comes next"},
      {"TrailingBytes", x("[3]", "[0,3]", four), header, "4 bytes of data, got 3 bytes"},
      {"DataWithoutTensors", file_of("{}", four), header, "4 bytes of data, got 0 bytes"},
      {"DeepLists", nested('[', 100000), header, "deeper nesting"},
      {"DeepObjects", file_of(nested_objects), header, "deeper nesting"},
  };
}

class HostileSafetensors : public testing::TestWithParam<HostileFile> {};

TEST_P(HostileSafetensors, IsRefusedInOneLineThatNamesFileAndPlace) {
  const TemporaryDirectory folder;
  const std::string path = folder.write("hostile", GetParam().bytes);
  EXPECT_THAT([&] { SafetensorsFile{path}; },
              ThrowsMessage<InputError>(AllOf(StartsWith(path + GetParam().place), HasSubstr(GetParam().got),
                                              HasSubstr("expected "), Not(HasSubstr("\n")))));
}

INSTANTIATE_TEST_SUITE_P(Files, HostileSafetensors, testing::ValuesIn(hostile_files()),
                         [](const auto& test) { return test.param.name; });

TEST(SafetensorsTest, TheFileBehindTheHostileOnesIsFine) {
  // Else the suite above could be refused for a reason of its own.
  const TemporaryDirectory folder;
  const SafetensorsFile file(folder.write("fine", file_of("{" + entry_x("[2,2]", "[0,4]") + "}", "1234")));
  EXPECT_TRUE(torch::equal(file.tensor("x"), torch::tensor({49, 50, 51, 52}, torch::kUInt8).view({2, 2})));
}

TEST(SafetensorsTest, EveryTruncationIsRefused) {
  const TemporaryDirectory folder;
  write_safetensors(folder.path("whole"), {{"x", torch::ones({5})}, {"y", torch::ones({3}, torch::kUInt8)}}, {{"k", "v"}});
  const std::string whole = file_text(folder.path("whole"));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string path = folder.write("part" + std::to_string(length), whole.substr(0, length));
    EXPECT_THROW(SafetensorsFile{path}, InputError) << length << " of " << whole.size() << " bytes";
  }
}

TEST(SafetensorsTest, WhatIsNoFileIsRefused) {
  const TemporaryDirectory folder;
  EXPECT_THAT([&] { SafetensorsFile{folder.path()}; },
              ThrowsMessage<InputError>(StartsWith(folder.path() + ": expected a safetensors file, got ")));
  EXPECT_THAT([&] { SafetensorsFile{folder.path("missing")}; },
              ThrowsMessage<InputError>(AllOf(StartsWith(folder.path("missing") + ": "), HasSubstr("No such file"))));
}

/// A mutated file; half of them with a length that fits again, so that mutations reach the header's checks.
std::string mutated(const std::string& valid, RandomStream& random) {
  std::string bytes = mutated_text(valid, kJsonTokens, random);
  if (bytes.size() >= 8 && random.chance(0.5)) {
    std::uint64_t length = bytes.size() - 8;
    const std::size_t end = bytes.rfind('}');
    if (end != std::string::npos && end >= 8) length = end + 1 - 8;
    bytes.replace(0, 8, eight_bytes(length));
  }
  return bytes;
}

TEST(SafetensorsTest, MutatedFilesAreReadOrRefused) {
  const int iterations = fuzz_iterations(3000);
  const FuzzLimits limits;
  const TemporaryDirectory folder;
  write_safetensors(folder.path("small"), {{"x", torch::ones({2, 3})}}, {});
  write_safetensors(folder.path("large"),
                    {{"layer.weight", torch::ones({3, 2, 1})},
                     {"layer.bias", torch::ones({3}, torch::kFloat16)},
                     {"flags", torch::ones({5}, torch::kBool)},
                     {"steps", torch::ones({}, torch::kInt64)},
                     {"none", torch::ones({0}, torch::kUInt8)}},
                    {{"format", "pt"}, {"k", "a \"text\""}});
  const std::vector<std::string> valid{file_text(folder.path("small")), file_text(folder.path("large"))};

  int accepted = 0;
  int refused = 0;
  for (int i = 0; i < iterations; ++i) {
    RandomStream random(1, Purpose::test, {static_cast<std::uint64_t>(i)});
    const std::string bytes = mutated(valid[static_cast<std::size_t>(i) % valid.size()], random);
    const std::string path = folder.write("mutated" + std::to_string(i), bytes);  // a file written again waits for the disk
    const CpuTime time;
    try {
      const SafetensorsFile file(path);
      std::size_t read = 0;
      for (const auto& [name, tensor] : file.tensors()) read += bytes_of(tensor).size();
      EXPECT_EQ(read, static_cast<std::size_t>(file.data_bytes())) << "mutation " << i;
      EXPECT_LT(read, bytes.size()) << "mutation " << i;
      ++accepted;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), StartsWith(path + ": ")) << "mutation " << i;
      ++refused;
    } catch (const std::exception& error) {
      ADD_FAILURE() << "mutation " << i << ": " << error.what();
    }
    EXPECT_LT(time.seconds(), kSecondsOfInput) << "mutation " << i;
    std::filesystem::remove(path);
  }
  // Changed values alone keep a file valid, and most other changes do not: both paths have been taken.
  if (iterations >= 100) {
    EXPECT_GT(accepted, iterations / 100);
    EXPECT_GT(refused, iterations / 4);
  }
}

TEST(SafetensorsTest, AFullDiskLeavesTheOldFile) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("a.safetensors");
  write_safetensors(path, {{"x", torch::ones({8})}}, {});
  const std::string old = file_text(path);
  {
    const SmallDisk disk(1 << 16);
    EXPECT_THAT(
        [&] {
          write_safetensors(path, {{"x", torch::ones({1 << 18})}}, {});
        },
        ThrowsMessage<SystemError>(StartsWith(path + ": cannot write: ")));
  }
  EXPECT_EQ(file_text(path), old);
  const std::filesystem::directory_iterator entries(folder.path());
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1) << "a temporary file is left";
  write_safetensors(path, {{"x", torch::ones({1 << 18})}}, {});  // the same content on a disk that has room
  EXPECT_EQ(SafetensorsFile(path).data_bytes(), 4 << 18);
}

}  // namespace
}  // namespace fovea
