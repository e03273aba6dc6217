#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <ostream>
#include <string>
#include <temporary_directory.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/weights/torch_file.h>

#include "file_text.h"
#include "fuzz.h"
#include "torch_file_builders.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::ThrowsMessage;

/// Exists once a hostile pickle has been run.
constexpr const char* kTouched = "/tmp/fovea-torch-file-test-was-run";
constexpr const char* kTorchFiles = FOVEA_TEST_DATA "/torch_files/";
const std::vector<std::string> kSmallTorchFiles{"state_dict.pth", "legacy.pth", "deflated.pth", "views.pth",
                                                "legacy_views.pth"};

/// numbers() of the README of the files.
torch::Tensor numbers_from(double start, const std::vector<std::int64_t>& sizes, torch::ScalarType type = torch::kFloat32) {
  std::int64_t count = 1;
  for (const std::int64_t size : sizes) count *= size;
  return (torch::arange(count, torch::kFloat64) / 8 + start).to(type).reshape(sizes);
}

/// Same names, types, shapes and bits, in memory of their own.
void expect_same_tensors(const NamedTensors& read, const NamedTensors& expected) {
  std::vector<std::string> names;
  std::vector<std::string> expected_names;
  for (const auto& [name, tensor] : read) names.push_back(name);
  for (const auto& [name, tensor] : expected) expected_names.push_back(name);
  ASSERT_EQ(names, expected_names);
  for (const auto& [name, tensor] : expected) {
    SCOPED_TRACE(name);
    const auto& other = read.at(name);
    EXPECT_EQ(other.scalar_type(), tensor.scalar_type());
    ASSERT_EQ(other.sizes(), tensor.sizes());
    EXPECT_TRUE(other.is_contiguous());
    EXPECT_FALSE(other.requires_grad());
    EXPECT_EQ(other.storage().nbytes(), other.nbytes());
    const auto contiguous = tensor.contiguous();
    EXPECT_TRUE(other.numel() == 0 || std::memcmp(other.data_ptr(), contiguous.data_ptr(), other.nbytes()) == 0) << other;
    for (const auto& [second, sharing] : read) {
      EXPECT_TRUE(second == name || sharing.numel() == 0 || sharing.data_ptr() != other.data_ptr()) << second;
    }
  }
}

NamedTensors small_model() {
  return {{"conv.weight", numbers_from(0, {3, 2, 1, 1})},
          {"conv.bias", numbers_from(1, {3})},
          {"norm.weight", numbers_from(2, {3})},
          {"norm.bias", numbers_from(3, {3})},
          {"norm.running_mean", torch::zeros({3})},
          {"norm.running_var", torch::ones({3})},
          {"norm.num_batches_tracked", torch::zeros({}, torch::kInt64)}};
}

NamedTensors views_of_one_storage() {
  const auto base = numbers_from(0, {3, 4});
  return {{"base", base},
          {"transposed", base.t()},
          {"row", base[1]},
          {"step", base.slice(1, 1, 4, 2)},
          {"last", base[2][3]},
          {"repeated", base[0][1].expand({2, 3})},
          {"none", base.slice(0, 3)},
          {"parameter", numbers_from(7, {2})}};
}

TEST(TorchFileTest, AStateDictIsRead) {
  expect_same_tensors(read_torch_file(kTorchFiles + std::string("state_dict.pth")).tensors, small_model());
}

TEST(TorchFileTest, TheFormatWithoutZipIsRead) {
  expect_same_tensors(read_torch_file(kTorchFiles + std::string("legacy.pth")).tensors, small_model());
}

TEST(TorchFileTest, AnArchivePackedAnewIsRead) {
  expect_same_tensors(read_torch_file(kTorchFiles + std::string("deflated.pth")).tensors, small_model());
}

TEST(TorchFileTest, OfACheckpointTheStateDictIsRead) {
  NamedTensors wrapped;
  for (const auto& [name, tensor] : small_model()) wrapped["module." + name] = tensor;
  expect_same_tensors(read_torch_file(kTorchFiles + std::string("checkpoint.pth")).tensors, wrapped);
}

TEST(TorchFileTest, EveryTypeStaysAsItIs) {
  NamedTensors expected{{"scalar", torch::tensor(2.5F)}, {"empty", torch::zeros({0, 3})}};
  for (const auto& [name, type] : std::vector<std::pair<std::string, torch::ScalarType>>{{"float64", torch::kFloat64},
                                                                                         {"float32", torch::kFloat32},
                                                                                         {"float16", torch::kFloat16},
                                                                                         {"bfloat16", torch::kBFloat16},
                                                                                         {"int64", torch::kInt64},
                                                                                         {"int32", torch::kInt32},
                                                                                         {"int16", torch::kInt16},
                                                                                         {"int8", torch::kInt8},
                                                                                         {"uint8", torch::kUInt8},
                                                                                         {"bool", torch::kBool}}) {
    expected[name] = numbers_from(0, {4, 6}, type);
  }
  expect_same_tensors(read_torch_file(kTorchFiles + std::string("types.pth")).tensors, expected);
}

TEST(TorchFileTest, ViewsOfOneStorageBecomeTensorsOfTheirOwn) {
  expect_same_tensors(read_torch_file(kTorchFiles + std::string("views.pth")).tensors, views_of_one_storage());
  expect_same_tensors(read_torch_file(kTorchFiles + std::string("legacy_views.pth")).tensors, views_of_one_storage());
}

/// Four float32: 1, 2, 3, 4.
std::string four_floats() {
  return little_endian(0x3F800000, 4) + little_endian(0x40000000, 4) + little_endian(0x40400000, 4) +
         little_endian(0x40800000, 4);
}

/// The names in a file of both formats with this pickled value and a storage "0" of four floats.
std::vector<std::string> names_of(const std::string& value) {
  const TemporaryDirectory folder;
  std::vector<std::string> names;
  for (const auto& [name, tensor] :
       read_torch_file(folder.write("a.pth", torch_zip(value, {{"0", four_floats()}}))).tensors) {
    EXPECT_TRUE(torch::equal(tensor, torch::tensor({1.0F, 2.0F, 3.0F, 4.0F}))) << name;
    names.push_back(name);
  }
  std::vector<std::string> legacy_names;
  for (const auto& [name, tensor] :
       read_torch_file(folder.write("b.pth", torch_legacy(value, {{"0", four_floats()}}))).tensors) {
    EXPECT_TRUE(torch::equal(tensor, torch::tensor({1.0F, 2.0F, 3.0F, 4.0F}))) << name;
    legacy_names.push_back(name);
  }
  EXPECT_EQ(names, legacy_names);
  return names;
}

/// A dict with one tensor of this name.
std::string state_of(const std::string& name) {
  return pickled::dict({{name, pickled::floats("0", 4)}});
}

TEST(TorchFileTest, TheStateDictIsTheFirstOfTheKnownKeys) {
  using pickled::dict;
  EXPECT_THAT(names_of(state_of("w")), ElementsAre("w"));
  // Each key before all that come after it, whatever their order in the file.
  std::vector<std::pair<std::string, std::string>> entries{{"epoch", pickled::number(3)}, {"other", state_of("other")}};
  for (const char* key :
       {"model_ema", "state_dict_ema", "network", "net", "model_state_dict", "model_state", "model", "state_dict"}) {
    entries.emplace_back(key, state_of(key));
    EXPECT_THAT(names_of(dict(entries)), ElementsAre(key));
  }
  EXPECT_THAT(names_of(dict({{"model", dict({{"state_dict", state_of("w")}})}})), ElementsAre("w"));
  EXPECT_THAT(names_of(dict({{"state_dict", "}"}, {"model", state_of("w")}})), ElementsAre("w")) << "an empty dict is none";
  EXPECT_THAT(names_of(dict({{"net", state_of("w")}, {"step", pickled::floats("0", 4)}})), ElementsAre("w"))
      << "a tensor beside it does not make the whole a state dict";
}

TEST(TorchFileTest, WhatLiesBesideTheStateDictIsPassedOver) {
  using namespace pickled;
  const std::string unknown = call(global("company.models", "Net"), {text("x")}) + "}b";
  EXPECT_THAT(
      names_of(
          dict({{"args", unknown}, {"model", state_of("w")}, {"optimizer", dict({{"x", unknown}})}, {"t", floats("0", 4)}})),
      ElementsAre("w"));
  EXPECT_THAT(names_of(dict({{"w", floats("0", 4)}, {"block._extra_state", kNone}})), ElementsAre("w"));
}

/// A file with a storage "0" of four floats, in the current format.
TorchFile read_value(const std::string& value, const std::string& key = "") {
  const TemporaryDirectory folder;
  return read_torch_file(folder.write("a.pth", torch_zip(value, {{"0", four_floats()}})), key);
}

std::vector<std::string> names_at(const std::string& value, const std::string& key) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : read_value(value, key).tensors) names.push_back(name);
  return names;
}

TEST(TorchFileTest, AnEpochNumberOrATupleBesideTheTensorsIsSkippedAndNamed) {
  using namespace pickled;
  const std::string numpy = call(global("numpy.core.multiarray", "scalar"), {number(1)});
  std::string pairs = kNone;  // each of two of the one before
  for (int level = 0; level < 60; ++level) pairs += "q\1h\1\x86";
  const TorchFile file = read_value(dict({{"w", floats("0", 4)},
                                          {"pairs", pairs},
                                          {"epoch", number(7)},
                                          {"shape", numbers({1, 2})},
                                          {"best", numpy},
                                          {"names", list({text("a")})},
                                          {"options", dict({{"a", number(1)}})},
                                          {"_extra_state", kNone},
                                          {"config", call(global("company.models", "Config"), {}) + "}b"}}));
  EXPECT_EQ(file.tensors.size(), 1U);
  EXPECT_THAT(file.skipped, ElementsAre("pairs (a tuple)", "epoch (the number 7)", "shape (a tuple)",
                                        "best (a call of numpy.core.multiarray.scalar)", "names (a list)",
                                        "options (a dict)", "config (a call of company.models.Config)"));
  EXPECT_THAT(names_of("}" + number(3) + text("x") + "s" + text("w") + floats("0", 4) + "s"), ElementsAre("w"))
      << "a key that is a number";
}

TEST(TorchFileTest, AKeyChoosesAmongNestedDicts) {
  using pickled::dict;
  const std::string value = dict({{"model", state_of("m")},
                                  {"model_ema", state_of("e")},
                                  {"teacher", dict({{"state_dict", state_of("t")}, {"head", state_of("h")}})},
                                  {"with.dot", dict({{"inner.most", state_of("d")}})},
                                  {"epoch", pickled::number(3)}});
  EXPECT_THAT(names_at(value, ""), ElementsAre("m"));
  EXPECT_THAT(names_at(value, "model_ema"), ElementsAre("e"));
  EXPECT_THAT(names_at(value, "teacher"), ElementsAre("t")) << "the search begins there";
  EXPECT_THAT(names_at(value, "teacher.head"), ElementsAre("h"));
  EXPECT_THAT(names_at(value, "with.dot.inner.most"), ElementsAre("d"));
  EXPECT_EQ(read_value(value).key, "model");
  EXPECT_EQ(read_value(value, "teacher").key, "teacher.state_dict");
}

TEST(TorchFileTest, AveragedWeightsBesideTheOthersAreNamed) {
  using pickled::dict;
  const std::string optimizer =
      "}" + pickled::text("state") + "}" + pickled::number(0) + dict({{"exp_avg", pickled::floats("0", 4)}}) + "ss";
  const TorchFile file =
      read_value(dict({{"state_dict", state_of("w")}, {"state_dict_ema", state_of("w")}, {"optimizer", optimizer}}));
  EXPECT_EQ(file.key, "state_dict");
  EXPECT_THAT(file.other_keys, ElementsAre("state_dict_ema")) << "an optimiser's state is numbered, not named";
}

TEST(TorchFileTest, AWrongOrMissingKeyIsRefusedWithThoseOfTheFile) {
  using pickled::dict;
  const std::string value = dict({{"student", state_of("s")}, {"teacher", state_of("t")}, {"epoch", pickled::number(3)}});
  EXPECT_THAT([&] { read_value(value); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("got a dict of 'student' (a dict), 'teacher' (a dict), 'epoch' "),
                                              HasSubstr("; choose a dict of tensors by its key: student or teacher"))));
  EXPECT_THAT([&] { read_value(value, "techer"); },
              ThrowsMessage<InputError>(HasSubstr("expected a dict of tensors at the key 'techer', got no such key; it has "
                                                  "dicts of tensors at student or teacher")));
  EXPECT_THAT([&] { read_value(value, "epoch"); },
              ThrowsMessage<InputError>(HasSubstr("at the key 'epoch', got the number 3; ")));
  EXPECT_THAT([&] { read_value(state_of("w"), "model"); },
              ThrowsMessage<InputError>(HasSubstr("got no such key; the file has no nested dicts of tensors")));
}

TEST(TorchFileTest, EveryWayToWriteATensorIsRead) {
  using namespace pickled;
  const std::string stored = storage("FloatStorage", "0", 4);
  const std::string size = call(global("torch", "Size"), {numbers({4})});
  const std::string first_version = call(global("torch._utils", "_rebuild_tensor"), {stored, number(0), size, numbers({1})});
  const std::string metadata = call(global("torch._utils", "_rebuild_tensor_v2"),
                                    {stored, number(0), numbers({4}), numbers({1}), kFalse, ordered_dict(), "}"});
  const std::string parameter = call(global("torch._utils", "_rebuild_parameter"), {floats("0", 4), "\x88", ordered_dict()});
  const std::string with_state =
      call(global("torch._utils", "_rebuild_parameter_with_state"), {floats("0", 4), "\x88", ordered_dict(), "}"});
  EXPECT_THAT(names_of(dict({{"a", first_version}, {"b", metadata}, {"c", parameter}, {"d", with_state}})),
              ElementsAre("a", "b", "c", "d"));
}

TEST(TorchFileTest, ArchivesOfLaterVersionsAndOtherRootsAreRead) {
  const TemporaryDirectory folder;
  const std::string pickle = pickled::whole(state_of("w"));
  for (const std::string root : {"archive/", "a/b/", "", "\xC3\xA4/"}) {
    const std::string path = folder.write("root.pth", zip_of({{root + "data.pkl", pickle},
                                                              {root + ".format_version", "1"},
                                                              {root + ".storage_alignment", "64"},
                                                              {root + "byteorder", "little"},
                                                              {root + "data/0", four_floats()},
                                                              {root + "version", "3\n"},
                                                              {root + ".data/serialization_id", "0123456789"}}));
    EXPECT_EQ(read_torch_file(path).tensors.size(), 1U) << root;
  }
}

TEST(TorchFileTest, BoolsAreZeroOrOneWhateverTheirBytes) {
  using namespace pickled;
  const TemporaryDirectory folder;
  const std::string value = dict({{"b", tensor(storage("BoolStorage", "0", 4), 0, numbers({4}), numbers({1}))}});
  const auto read = read_torch_file(folder.write("a.pth", torch_zip(value, {{"0", std::string("\0\1\2\xff", 4)}}))).tensors;
  EXPECT_EQ(read.at("b").scalar_type(), torch::kBool);
  EXPECT_EQ(std::memcmp(read.at("b").data_ptr(), "\0\1\1\1", 4), 0);
}

TEST(TorchFileTest, EmptyTensorsOfAnyShapeAreRead) {
  using namespace pickled;
  const TemporaryDirectory folder;
  const std::string nothing = storage("FloatStorage", "0", 0);
  const std::string value = dict({{"a", tensor(nothing, 0, numbers({0}), numbers({1}))},
                                  {"b", tensor(nothing, 5, numbers({3, 0, 2}), numbers({9, 9, 9}))}});
  for (const auto& bytes : {torch_zip(value, {{"0", ""}}), torch_zip(value, {}), torch_legacy(value, {{"0", ""}})}) {
    const auto read = read_torch_file(folder.write("a.pth", bytes)).tensors;
    EXPECT_EQ(read.at("a").sizes(), (std::vector<std::int64_t>{0}));
    EXPECT_EQ(read.at("b").sizes(), (std::vector<std::int64_t>{3, 0, 2}));
  }
}

struct HostileTorchFile {
  std::string name;
  std::string bytes;
  std::string place;  ///< behind the path
  std::string got;
};

void PrintTo(const HostileTorchFile& file, std::ostream* out) {
  *out << file.name;
}

/// A zip file whose state dict has one value, "w", beside a storage "0" of four floats.
std::string zip_with(const std::string& value) {
  return torch_zip(pickled::dict({{"w", value}}), {{"0", four_floats()}});
}

std::string view_of_four(std::int64_t offset, const std::vector<std::int64_t>& sizes,
                         const std::vector<std::int64_t>& strides) {
  return zip_with(
      pickled::tensor(pickled::storage("FloatStorage", "0", 4), offset, pickled::numbers(sizes), pickled::numbers(strides)));
}

std::vector<HostileTorchFile> files_of_other_kinds() {
  const std::string weights = pickled::whole(state_of("w"));
  return {
      {"Empty", "", ": ", "got an empty file"},
      {"WebPage", "\n<!DOCTYPE html><html>", ": ", "got a web page; the download failed"},
      {"Safetensors", little_endian(2, 8) + "{}", ": ", "got a safetensors file; rename it"},
      {"GitLfsPointer", "version https://git-lfs.github.com/spec/v1\n", ": ", "got a Git LFS pointer"},
      {"Gzip", "\x1f\x8b\x08", ": ", "got a gzip file; unpack it first"},
      {"Hdf5", "\x89HDF\r\n", ": ", "got an HDF5 file"},
      {"Tar", std::string(257, 'a') + "ustar", ": ", "got a tar archive; unpack it first"},
      {"Text", "hello", ": ", "got another format"},
      {"OtherPickle", pickled::whole("}"), ": ", "got another program's pickle of a dict"},
      {"NumPyArchive", zip_of({{"a.npy", ""}}), ": ", "got a NumPy archive"},
      {"OtherArchive", zip_of({{"a.txt", ""}}), ": ", "got a zip archive without data.pkl"},
      {"TorchScript", zip_of({{"a/data.pkl", weights}, {"a/code/__torch__.py", ""}}), ": ", "got a TorchScript program"},
      {"TorchScriptWithoutCode", zip_of({{"a/data.pkl", weights}, {"a/constants.pkl", ""}}), ": ",
       "got a TorchScript program"},
      {"TwoPickles", zip_of({{"a/data.pkl", weights}, {"b/data.pkl", weights}}), ": ", "expected one data.pkl, got 2"},
      {"BigEndian", zip_of({{"a/data.pkl", weights}, {"a/byteorder", "big"}}), ": a/byteorder: ", "got big"},
      {"LegacyBigEndian", legacy_start("\x89"), ": ", "expected little-endian numbers, got False"},
      {"LegacyWithoutByteOrder", legacy_start(pickled::kNone), ": ", "expected little-endian numbers, got None"},
      {"LegacyOfAnotherVersion", legacy_start("\x88", 1002), ": ", "got the number 1002"},
      {"WholeModel", torch_zip(pickled::call(pickled::global("models", "Net"), {}) + "}b", {}),
       ": a/data.pkl: ", "got a call of models.Net; in Python"},
      {"WholeLegacyModel",
       torch_legacy(pickled::tuple({pickled::text("module"), pickled::global("models", "Net"), pickled::text("models.py"),
                                    pickled::text("class Net")}) +
                        "Q)\x81}b",
                    {}),
       ": ", "got a call of models.Net; in Python"},
      {"ATensorAlone", torch_zip(pickled::floats("0", 4), {{"0", four_floats()}}),
       ": a/data.pkl: ", "expected a dict of tensors"},
      {"NoTensors", torch_zip(pickled::dict({{"epoch", pickled::number(3)}}), {}),
       ": a/data.pkl: ", "got a dict of 'epoch' (the number 3)"},
      {"NothingInIt", torch_zip("}", {}), ": a/data.pkl: ", "got a dict without items"},
  };
}

std::vector<HostileTorchFile> files_with_hostile_pickles() {
  using namespace pickled;
  const std::string command = text(std::string("touch ") + kTouched);
  const std::string system = call(global("os", "system"), {command});
  const std::string stack_system = text("posix") + text("system") + "\x93" + tuple({command}) + "R";
  const std::string at_w = ": a/data.pkl: 'w': ";
  const std::string row = numbers({4});
  const std::string one = numbers({1});
  const std::string floats4 = storage("FloatStorage", "0", 4);
  std::string nested_parameters;
  for (int depth = 0; depth < 100000; ++depth) nested_parameters += global("torch._utils", "_rebuild_parameter");
  nested_parameters += floats("0", 4);
  for (int depth = 0; depth < 100000; ++depth) nested_parameters += "\x89\x89\x87R";
  std::string nested_dicts;
  for (int depth = 0; depth < 100000; ++depth) nested_dicts += "}" + text("model");
  nested_dicts += state_of("w") + std::string(100000, 's');
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  return {
      {"CallsAProgram", torch_zip(system, {}), ": a/data.pkl: ", "expected tensors, got a call of os.system; "},
      {"CallsAProgramFromTheStack", torch_zip(stack_system, {}), ": a/data.pkl: ", "got a call of posix.system; "},
      {"CallsAProgramInsteadOfATensor", zip_with(system), ": a/data.pkl: ", "got a call of os.system; "},
      {"CallsAProgramBesideTheTensors", torch_zip(dict({{"model", state_of("w")}, {"x", system}}), {{"0", four_floats()}}),
       ": a/data.pkl: ", "got a call of os.system; "},
      {"EvaluatesText", zip_with(call(global("__builtin__", "eval"), {text("1")})),
       ": a/data.pkl: ", "got a call of __builtin__.eval"},
      {"LegacyCallsAProgram", torch_legacy(stack_system, {}), ": ", "got a call of posix.system; "},
      {"LoadsFromBytes", zip_with(call(global("torch.storage", "_load_from_bytes"), {"C\1a"})), "",
       "a call of torch.storage._load_from_bytes"},
      {"QuantisedTensor",
       torch_zip(dict({{"v", floats("0", 4)},
                       {"w", call(global("torch._utils", "_rebuild_qtensor"), {storage("QInt8Storage", "0", 4)})}}),
                 {{"0", four_floats()}}),
       at_w, "expected a plain tensor, got a quantised tensor; in Python"},
      {"QuantisedTensorInPackedParameters",
       torch_zip(dict({{"v", floats("0", 4)}, {"w", tuple({call(global("torch._utils", "_rebuild_qtensor"), {}), kNone})}}),
                 {{"0", four_floats()}}),
       at_w, "got a quantised tensor"},
      {"QuantisedStorage", zip_with(tensor(storage("QUInt8Storage", "0", 4), 0, row, one)), at_w, "got a quantised tensor"},
      {"SparseTensor",
       torch_zip(dict({{"v", floats("0", 4)}, {"w", call(global("torch._utils", "_rebuild_sparse_tensor"), {})}}),
                 {{"0", four_floats()}}),
       at_w, "got a sparse tensor; in Python, save tensor.to_dense()"},
      {"ArrayOfNumPy",
       torch_zip(dict({{"v", floats("0", 4)}, {"w", call(global("numpy.core.multiarray", "_reconstruct"), {}) + "}b"}}),
                 {{"0", four_floats()}}),
       at_w, "got an array of NumPy"},
      {"UnknownCallOfTorch",
       torch_zip(dict({{"v", floats("0", 4)}, {"w", call(global("torch.storage", "_load_from_bytes"), {"C\1a"})}}),
                 {{"0", four_floats()}}),
       at_w, "expected a tensor, got a call of torch.storage._load_from_bytes"},
      {"NameThatIsNoText", torch_zip("}" + number(7) + floats("0", 4) + "s", {{"0", four_floats()}}),
       ": a/data.pkl: ", "expected readable names, got the number 7"},
      {"NameThatIsNoUtf8", torch_zip(state_of("w\xff"), {{"0", four_floats()}}),
       ": a/data.pkl: ", "expected readable names"},
      {"NameTwice", torch_zip(dict({{"w", floats("0", 4)}, {"w", floats("0", 4)}}), {{"0", four_floats()}}),
       ": a/data.pkl: ", "expected every name once, got 'w' twice"},
      {"StateDictInItself", torch_zip("}q\1" + text("model") + "h\1s", {}),
       ": a/data.pkl: ", "got a dict of 'model' (a dict)"},
      {"StateDictTooDeep", torch_zip(nested_dicts, {{"0", four_floats()}}),
       ": a/data.pkl: ", "got a dict of 'model' (a dict)"},
      {"ParameterOfAParameter", zip_with(nested_parameters), at_w, "got a call of torch._utils._rebuild_parameter"},
      {"ChangedTensor", zip_with(floats("0", 4) + "}b"), at_w, "expected an unchanged tensor"},
      {"TooFewArguments", zip_with(call(global("torch._utils", "_rebuild_tensor_v2"), {floats4, number(0)})), at_w,
       "expected 6 arguments, got 2"},
      {"ConjugatedTensor",
       zip_with(call(global("torch._utils", "_rebuild_tensor_v2"),
                     {floats4, number(0), row, one, kFalse, ordered_dict(), dict({{"conj", "\x88"}})})),
       at_w, "one with metadata"},
      {"StorageThatIsNone", zip_with(tensor("K\1", 0, row, one)), at_w, "expected a storage, got the number 1"},
      {"StorageWithoutLength",
       zip_with(tensor(tuple({text("storage"), global("torch", "FloatStorage"), text("0")}) + "Q", 0, row, one)), at_w,
       "expected a storage with type, key and length"},
      {"StorageOfUnknownType", zip_with(tensor(storage("ComplexFloatStorage", "0", 4), 0, row, one)), at_w,
       "got torch.ComplexFloatStorage"},
      {"StorageOfNegativeLength", zip_with(floats("0", -4)), at_w, "got the number -4"},
      {"StorageOfHugeLength", zip_with(floats("0", kHuge)), at_w, "got " + std::to_string(kHuge)},
      {"PartOfAStorage",
       zip_with(tensor(tuple({text("storage"), global("torch", "FloatStorage"), text("0"), text("cpu"), number(4),
                              tuple({text("1"), number(0), number(4)})}) +
                           "Q",
                       0, row, one)),
       at_w, "got a part of another"},
      {"StorageOfTwoTypes",
       torch_zip(dict({{"v", floats("0", 4)}, {"w", tensor(storage("IntStorage", "0", 4), 0, row, one)}}),
                 {{"0", four_floats()}}),
       at_w, "expected one type and length of a storage"},
      {"SizesThatAreNoTuple", zip_with(tensor(floats4, 0, number(4), one)), at_w, "expected a tuple of numbers"},
      {"SizesThatAreNoNumbers", zip_with(tensor(floats4, 0, tuple({text("4")}), one)), at_w, "got the text '4'"},
      {"RealSize", zip_with(tensor(floats4, 0, tuple({"G@\x10" + std::string(6, '\0')}), one)), at_w, "got the number 4.0"},
      {"NegativeSize", view_of_four(0, {-4}, {1}), at_w, "got the number -4"},
      {"NegativeStride", view_of_four(3, {4}, {-1}), at_w, "got the number -1"},
      {"NegativeOffset", view_of_four(-1, {4}, {1}), at_w, "got the number -1"},
      {"MoreSizesThanStrides", view_of_four(0, {4, 1}, {1}), at_w, "expected 2 strides, got 1"},
      {"TooManyDimensions", view_of_four(0, std::vector<std::int64_t>(65, 1), std::vector<std::int64_t>(65, 1)), at_w,
       "expected at most 64 dimensions, got 65"},
      {"SizeBeyondTheStorage", view_of_four(0, {5}, {1}), at_w, "within its storage of 4"},
      {"StrideBeyondTheStorage", view_of_four(0, {2, 2}, {3, 2}), at_w, "within its storage of 4"},
      {"OffsetBeyondTheStorage", view_of_four(1, {4}, {1}), at_w, "within its storage of 4"},
      {"HugeOffset", view_of_four(kHuge, {2}, {1}), at_w, "within its storage of 4"},
      {"HugeSize", view_of_four(0, {kHuge}, {1}), at_w, "within its storage of 4"},
      {"HugeStride", view_of_four(0, {3}, {kHuge}), at_w, "within its storage of 4"},
      {"HugeStridesThatWrap", view_of_four(0, {3, 3}, {kHuge / 2, kHuge / 2 + 1}), at_w, "within its storage of 4"},
      {"SizesWhoseProductWraps", view_of_four(0, {std::int64_t{1} << 32, std::int64_t{1} << 32}, {0, 0}), at_w,
       "within its storage of 4"},
      {"SizeWhoseBytesWrap", view_of_four(0, {std::int64_t{1} << 62}, {0}), at_w, "within its storage of 4"},
      {"HugeSizesBesideZero", view_of_four(0, {kHuge, kHuge, 0}, {1, 1, 1}), at_w, "within its storage of 4"},
      {"OneValueRepeatedForever", view_of_four(0, {std::int64_t{1} << 40}, {0}), ": 'w': ", "expected contents of at most"},
      {"BytesBehindThePickle", zip_of({{"a/data.pkl", whole(state_of("w")) + "x"}, {"a/data/0", four_floats()}}),
       ": a/data.pkl: ", "and further bytes"},
      {"BrokenPickle", zip_of({{"a/data.pkl", "\x80\x02h\7."}}), ": a/data.pkl: offset 2: ", "memo index 7"},
  };
}

std::vector<HostileTorchFile> files_with_hostile_containers() {
  using namespace pickled;
  const std::string weights = whole(state_of("w"));
  const ZipPart pickle{"a/data.pkl", weights};
  // Deflate with one stored block.
  const auto deflated = [](const std::string& data) {
    return "\1" + little_endian(data.size(), 2) + little_endian(~data.size(), 2) + data;
  };
  const std::string packed = deflated(four_floats());
  const std::uint32_t checksum = crc32_of(four_floats());
  const auto legacy = [&](const std::string& keys, const std::string& data) {
    return legacy_start() + weights + whole(keys) + data;
  };
  const std::string key = list({text("0")});
  const std::string eight_at = ": offset ";
  return {
      {"OnlyTheMagic", "PK\x03\x04", ": ", "expected a zip archive"},
      {"MissingStorage", zip_of({pickle}), ": a/data/0: ", "expected 16 bytes for 'w', got no such entry"},
      {"StorageTooShort", torch_zip(state_of("w"), {{"0", "123"}}), ": a/data/0: ", "expected 16 bytes for 'w', got 3"},
      {"StorageTooLong", torch_zip(state_of("w"), {{"0", four_floats() + "1"}}), ": a/data/0: ", "got 17"},
      {"EntryTwice", zip_of({pickle, {"a/data/0", four_floats()}, {"a/data/0", four_floats()}}), ": ", "'a/data/0' twice"},
      {"NameThatLeadsOutside", zip_of({pickle, {"a/../../etc/passwd", ""}}), ": ", "expected names within the archive"},
      {"NameFromTheRoot", zip_of({pickle, {"/etc/passwd", ""}}), ": ", "expected names within the archive"},
      {"Encrypted", zip_of({pickle, {"a/data/0", four_floats(), 0, 1}}), ": a/data/0: ", "an encrypted one"},
      {"OtherCompression", zip_of({pickle, {"a/data/0", four_floats(), 12}}), ": a/data/0: ", "method 12"},
      {"WrongChecksum", zip_of({pickle, {"a/data/0", four_floats(), 0, 0, {}, {}, 7}}), ": a/data/0: ", "CRC"},
      {"StoredInLess", zip_of({pickle, {"a/data/0", "12", 0, 0, 16}}), ": a/data/0: ", "16 bytes in 2"},
      {"BeyondTheFile", zip_of({pickle, {"a/data/0", "12", 0, 0, 0xFFFFFFF0, 0xFFFFFFF0}}), "", "expected"},
      {"OverlappingEntries",
       zip_of({pickle,
               {"a/data/0", weights, 0, 0, {}, {}, {}, true},
               {"a/data/1", weights, 0, 0, {}, {}, {}, true},
               {"a/data/2", weights, 0, 0, {}, {}, {}, true}}),
       ": a/data/1: ", " bytes together"},
      {"DeflatedBomb", zip_of({{"a/data.pkl", weights, 8, 0, 0x7FFFFFFF}}),
       ": a/data.pkl: ", "expected contents of at most"},
      {"DeflatedToLess", zip_of({pickle, {"a/data/0", deflated("1234"), 8, 0, 16, {}, crc32_of("1234")}}),
       ": a/data/0: ", "expected 16 bytes, got 4"},
      {"DeflatedToMore",
       zip_of({pickle, {"a/data/0", deflated(four_floats() + "1"), 8, 0, 16, {}, crc32_of(four_floats() + "1")}}),
       ": a/data/0: ", "expected 16 bytes, got more"},
      {"DeflatedNoise", zip_of({pickle, {"a/data/0", "\7\xff\xff\xff", 8, 0, 16, {}, checksum}}),
       ": a/data/0: ", "expected readable data"},
      {"DeflatedTruncated", zip_of({pickle, {"a/data/0", packed.substr(0, 9), 8, 0, 16, {}, checksum}}),
       ": a/data/0: ", "expected "},
      {"LegacyWithoutStorages", legacy_start() + weights, ": offset ", "bytes more, got 0"},
      {"LegacyStoragesNoList", legacy("}", ""), ": ", "expected a list of storages, got a dict"},
      {"LegacyStorageMissing", legacy("]", ""), ": ", "expected a storage for 'w', got none"},
      {"LegacyStorageUnknown", legacy(list({text("1")}), ""), eight_at,
       "expected a storage of the pickle, got the text '1'"},
      {"LegacyStorageWithoutData", legacy(key, ""), eight_at, "got the end of the file"},
      {"LegacyStorageOfOtherLength", legacy(key, little_endian(5, 8) + four_floats()), eight_at,
       "expected a storage of 4 values, got 5"},
      {"LegacyStorageOfHugeLength", legacy(key, little_endian(~std::uint64_t{0}, 8)), eight_at, "got 18446744073709551615"},
      {"LegacyStorageTooShort", legacy(key, little_endian(4, 8) + "123"), eight_at, "expected 16 bytes of values, got 3"},
      {"LegacyStorageTwice",
       legacy(list({text("0"), text("0")}), little_endian(4, 8) + four_floats() + little_endian(4, 8) + four_floats()),
       eight_at, "'0' twice"},
      {"LegacyBytesAtTheEnd", legacy(key, little_endian(4, 8) + four_floats() + "x"), eight_at,
       "expected the end of the file, got 1 bytes more"},
      {"LegacyHugeStorage",
       legacy_start() + whole(dict({{"w", floats("0", std::int64_t{1} << 50)}})) + whole(key) +
           little_endian(std::uint64_t{1} << 50, 8),
       eight_at, "bytes of values, got 0"},
  };
}

class HostileTorchFiles : public testing::TestWithParam<HostileTorchFile> {};

TEST_P(HostileTorchFiles, AreRefusedInOneLineThatNamesFileAndPlace) {
  const TemporaryDirectory folder;
  const std::string path = folder.write("hostile.pth", GetParam().bytes);
  EXPECT_THAT([&] { read_torch_file(path); },
              ThrowsMessage<InputError>(AllOf(StartsWith(path + GetParam().place), HasSubstr(GetParam().got),
                                              HasSubstr("expected "), HasSubstr("; "), Not(HasSubstr("\n")))));
  EXPECT_FALSE(std::filesystem::exists(kTouched));
}

const auto kTorchFileName = [](const auto& test) { return test.param.name; };

INSTANTIATE_TEST_SUITE_P(OtherKinds, HostileTorchFiles, testing::ValuesIn(files_of_other_kinds()), kTorchFileName);
INSTANTIATE_TEST_SUITE_P(Pickles, HostileTorchFiles, testing::ValuesIn(files_with_hostile_pickles()), kTorchFileName);
INSTANTIATE_TEST_SUITE_P(Containers, HostileTorchFiles, testing::ValuesIn(files_with_hostile_containers()), kTorchFileName);

TEST(TorchFileTest, TheFilesBehindTheHostileOnesAreFine) {
  // Else those could be refused for reasons of their own.
  EXPECT_THAT(names_of(state_of("w")), ElementsAre("w"));
  const TemporaryDirectory folder;
  const std::string data = four_floats();
  const std::string packed = "\1" + little_endian(data.size(), 2) + little_endian(~data.size(), 2) + data;
  const std::string path = folder.write(
      "a.pth", zip_of({{"a/data.pkl", pickled::whole(state_of("w"))}, {"a/data/0", packed, 8, 0, 16, {}, crc32_of(data)}}));
  EXPECT_TRUE(torch::equal(read_torch_file(path).tensors.at("w"), torch::tensor({1.0F, 2.0F, 3.0F, 4.0F})));
}

TEST(TorchFileTest, WhatIsNoFileIsRefused) {
  const TemporaryDirectory folder;
  EXPECT_THAT([&] { read_torch_file(folder.path()); },
              ThrowsMessage<InputError>(StartsWith(folder.path() + ": expected a file of torch.save, got ")));
  EXPECT_THAT([&] { read_torch_file(folder.path("missing")); }, ThrowsMessage<InputError>(HasSubstr("No such file")));
}

TEST(TorchFileTest, EveryTruncationIsRefused) {
  const TemporaryDirectory folder;
  for (const std::string& name : kSmallTorchFiles) {
    const std::string whole = file_text(kTorchFiles + name);
    ASSERT_GT(whole.size(), 100U) << name;
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const std::string path = folder.write(name + std::to_string(length), whole.substr(0, length));
      EXPECT_THROW(read_torch_file(path), InputError) << name << ", " << length << " of " << whole.size() << " bytes";
      std::filesystem::remove(path);
    }
  }
}

TEST(TorchFileTest, EveryByteChangedIsReadOrRefused) {
  const FuzzLimits limits;
  const TemporaryDirectory folder;
  int accepted = 0;
  int refused = 0;
  for (const std::string& name : kSmallTorchFiles) {
    const std::string whole = file_text(kTorchFiles + name);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      for (const int change : {0xFF, 0x01}) {
        std::string bytes = whole;
        bytes[i] = static_cast<char>(bytes[i] ^ change);
        const std::string path = folder.write(name + std::to_string(i) + "." + std::to_string(change), bytes);
        const CpuTime time;
        try {
          for (const auto& [tensor_name, tensor] : read_torch_file(path).tensors)
            EXPECT_LT(tensor.nbytes(), 64U << 20U) << tensor_name;
          ++accepted;
        } catch (const InputError& error) {
          EXPECT_THAT(error.what(), StartsWith(path + ": ")) << "byte " << i << " of " << name;
          ++refused;
        } catch (const std::exception& error) {
          ADD_FAILURE() << "byte " << i << " of " << name << ": " << error.what();
        }
        EXPECT_LT(time.seconds(), kSecondsOfInput) << "byte " << i << " of " << name;
        std::filesystem::remove(path);
      }
    }
  }
  EXPECT_GT(accepted, 1000);  // values in the old format, and what nobody reads
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace fovea
