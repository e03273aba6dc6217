#include <cstdint>
#include <string>
#include <temporary_directory.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/base/random.h>
#include <fovea/weights/weights_file.h>

#include "fuzz.h"
#include "torch_file_builders.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using testing::ThrowsMessage;

/// 1, 2, 3, 4 as the storage of a file of torch.save.
std::string bytes_of_four() {
  return little_endian(0x3F800000, 4) + little_endian(0x40000000, 4) + little_endian(0x40400000, 4) +
         little_endian(0x40800000, 4);
}

torch::Tensor one_to_four() {
  return torch::tensor({1.0F, 2.0F, 3.0F, 4.0F});
}

/// Tensors that differ, so that none can be taken for another: [0], [1], ...
NamedTensors tensors_named(const std::vector<std::string>& names) {
  NamedTensors tensors;
  int number = 0;
  for (const std::string& name : names) tensors[name] = torch::tensor({number++});
  return tensors;
}

std::vector<std::string> names_in(const NamedTensors& tensors) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors) names.push_back(name);
  return names;
}

/// The prefix that was found, and the names behind it.
std::pair<std::string, std::vector<std::string>> unwrapped(const std::vector<std::string>& names) {
  const WeightsFile file = without_wrapper_prefix("a.pth", tensors_named(names));
  return {file.prefix, names_in(file.tensors)};
}

std::vector<Rename> renames_of(const std::vector<std::string>& texts) {
  std::vector<Rename> renames;
  for (const std::string& text : texts) renames.push_back(parse_rename(text, "--rename"));
  return renames;
}

std::vector<std::string> names_after(const std::vector<std::string>& names, const std::vector<std::string>& renames) {
  return names_in(renamed_tensors(without_wrapper_prefix("a.pth", tensors_named(names)), renames_of(renames)));
}

/// Message about the renames, or "accepted".
std::string rename_refusal(const std::vector<std::string>& names, const std::vector<std::string>& renames) {
  try {
    names_after(names, renames);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(WeightsFileTest, FormatsAreToldApartByTheirContent) {
  const TemporaryDirectory folder;
  const std::string state = pickled::dict({{"w", pickled::floats("0", 4)}});
  // Each under the name of another.
  const std::string zip = folder.write("zip.safetensors", torch_zip(state, {{"0", bytes_of_four()}}));
  const std::string legacy = folder.write("legacy.safetensors", torch_legacy(state, {{"0", bytes_of_four()}}));
  const std::string safetensors = folder.path("a.pth");
  write_safetensors(safetensors, {{"w", one_to_four()}}, {});
  for (const std::string& path : {zip, legacy, safetensors}) {
    EXPECT_EQ(is_safetensors(path), path == safetensors) << path;
    const WeightsFile file = read_weights_file(path);
    EXPECT_EQ(file.path, path);
    EXPECT_EQ(file.prefix, "");
    EXPECT_THAT(names_in(file.tensors), ElementsAre("w"));
    EXPECT_TRUE(torch::equal(file.tensors.at("w"), one_to_four())) << path;
  }
}

TEST(WeightsFileTest, WrappersAreTakenOffWhateverTheFormat) {
  const TemporaryDirectory folder;
  const std::string state = pickled::dict({{"module.w", pickled::floats("0", 4)}});
  const std::string safetensors = folder.path("a.safetensors");
  write_safetensors(safetensors, {{"module.w", one_to_four()}}, {});
  for (const std::string& path : {folder.write("a.pth", torch_zip(state, {{"0", bytes_of_four()}})), safetensors}) {
    const WeightsFile file = read_weights_file(path);
    EXPECT_EQ(file.prefix, "module.");
    EXPECT_TRUE(torch::equal(file.tensors.at("w"), one_to_four())) << path;
  }
}

TEST(WeightsFileTest, AFileWithoutTensorsIsRefused) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("a.safetensors");
  write_safetensors(path, {}, {{"format", "pt"}});
  EXPECT_THAT([&] { read_weights_file(path); },
              ThrowsMessage<InputError>(path + ": expected tensors, got none; it is not a weights file"));
}

TEST(WeightsFileTest, HostileFilesAreRefusedHereToo) {
  const TemporaryDirectory folder;
  using namespace pickled;
  const std::string system = call(global("os", "system"), {text("false")});
  const std::string zip = torch_zip(dict({{"w", floats("0", 4)}}), {{"0", bytes_of_four()}});
  const std::string twice = R"("w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  const std::string header = "{" + twice + "," + twice + "}";
  const std::vector<std::pair<std::string, std::string>> files{
      {torch_zip(dict({{"w", system}}), {}), "got a call of os.system"},
      {zip.substr(0, zip.size() / 2), "expected a zip archive"},
      {torch_zip(dict({{"w", floats("0", 4)}, {"w", floats("0", 4)}}), {{"0", bytes_of_four()}}), "got 'w' twice"},
      {little_endian(~std::uint64_t{0}, 8) + "{}", "header"},
      {little_endian(header.size(), 8) + header + "1", "'w'"},
      {"", "an empty file"},
      {"<!DOCTYPE html><html>", "a web page"},
  };
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string path = folder.write("hostile" + std::to_string(i), files[i].first);
    EXPECT_THAT([&] { read_weights_file(path); },
                ThrowsMessage<InputError>(AllOf(StartsWith(path + ": "), HasSubstr(files[i].second), HasSubstr("expected "),
                                                Not(HasSubstr("\n")))));
  }
  EXPECT_THAT([&] { read_weights_file(folder.path("missing")); }, ThrowsMessage<InputError>(HasSubstr("No such file")));
  EXPECT_THAT([&] { read_weights_file(folder.path()); }, ThrowsMessage<InputError>(StartsWith(folder.path() + ": ")));
}

/// A set of two files in a format, and its index.
struct ShardedWeights {
  explicit ShardedWeights(const TemporaryDirectory& folder, const std::string& stem, const std::string& ending)
      : first(folder.path(stem + "-00001-of-00002" + ending)),
        second(folder.path(stem + "-00002-of-00002" + ending)),
        index(folder.path(stem + ending + ".index.json")) {
    folder.write(stem + ending + ".index.json", R"({"metadata": {"total_size": 32}, "weight_map": {"a": ")" + stem +
                                                    "-00001-of-00002" + ending + R"(", "b": ")" + stem + "-00002-of-00002" +
                                                    ending + R"("}})");
  }
  std::string first, second, index;
};

TEST(ShardedWeightsTest, AnyFileOfASetOrItsIndexReadsTheWholeSet) {
  const TemporaryDirectory folder;
  const ShardedWeights safetensors(folder, "model", ".safetensors");
  write_safetensors(safetensors.first, {{"a", one_to_four()}}, {{"format", "pt"}});
  write_safetensors(safetensors.second, {{"b", one_to_four() * 2}}, {{"format", "pt"}});
  const ShardedWeights torch_files(folder, "pytorch_model", ".bin");
  folder.write("pytorch_model-00001-of-00002.bin",
               torch_zip(pickled::dict({{"a", pickled::floats("0", 4)}}), {{"0", bytes_of_four()}}));
  folder.write("pytorch_model-00002-of-00002.bin",
               torch_zip(pickled::dict({{"b", pickled::floats("0", 4)}}), {{"0", bytes_of_four()}}));
  for (const ShardedWeights& set : {safetensors, torch_files}) {
    for (const std::string& path : {set.first, set.second, set.index}) {
      const WeightsFile file = read_weights_file(path);
      EXPECT_EQ(file.path, set.index);
      EXPECT_THAT(names_in(file.tensors), ElementsAre("a", "b")) << path;
      EXPECT_TRUE(torch::equal(file.tensors.at("a"), one_to_four()));
    }
  }
}

TEST(ShardedWeightsTest, AnIncompleteSetIsRefusedWithTheTensorOrFileThatIsMissing) {
  const TemporaryDirectory folder;
  const ShardedWeights set(folder, "model", ".safetensors");
  write_safetensors(set.first, {{"a", one_to_four()}}, {});
  EXPECT_THAT([&] { read_weights_file(set.first); },
              ThrowsMessage<InputError>(AllOf(StartsWith(set.second + ": "), HasSubstr("No such file"))));
  write_safetensors(set.second, {{"c", one_to_four()}}, {});
  EXPECT_THAT([&] { read_weights_file(set.first); },
              ThrowsMessage<InputError>(StartsWith(set.second + ": expected the tensor 'b', as ")));
  write_safetensors(set.second, {{"a", one_to_four()}, {"b", one_to_four()}}, {});
  EXPECT_THAT([&] { read_weights_file(set.first); }, ThrowsMessage<InputError>(HasSubstr("got 'a'; download")));
  EXPECT_EQ(read_weights_file(folder.write("other-1-of-2.pth", torch_zip(pickled::dict({{"w", pickled::floats("0", 4)}}),
                                                                         {{"0", bytes_of_four()}})))
                .tensors.size(),
            1U)
      << "without an index it is a file of its own";
}

TEST(ShardedWeightsTest, AHostileIndexIsRefused) {
  const TemporaryDirectory folder;
  for (const auto& [text, got] : std::vector<std::pair<std::string, std::string>>{
           {"{", "valid JSON, got other text"},
           {"[]", "a weight_map from tensors to files, got none"},
           {R"({"weight_map": {}})", "a weight_map from tensors to files, got none"},
           {R"({"weight_map": {"a": "../b.safetensors"}})", "in the same folder, got '../b.safetensors'"},
           {R"({"weight_map": {"a": 3}})", "in the same folder, got none"},
           {R"({"weight_map": {"a": "."}})", "in the same folder, got '.'"}}) {
    const std::string path = folder.write("a.safetensors.index.json", text);
    EXPECT_THAT([&] { read_weights_file(path); },
                ThrowsMessage<InputError>(AllOf(StartsWith(path + ": "), HasSubstr(got), Not(HasSubstr("exception")))))
        << text;
  }
}

TEST(ShardedWeightsTest, AnIndexThatWouldFillTheMemoryIsRefused) {
  const FuzzLimits limits;
  const TemporaryDirectory folder;
  std::string ones = R"({"weight_map": [1)";
  for (int i = 0; i < 2'000'000; ++i) ones += ",1";
  for (const auto& [text, expected] :
       std::vector<std::pair<std::string, std::string>>{{std::string(10 << 20, '['), "at most 4 nested levels"},
                                                        {ones + "]}", "at most 1000000 keys and values"},
                                                        {std::string((16 << 20) + 1, ' '), "at most 16777216 bytes"}}) {
    const std::string path = folder.write("a.safetensors.index.json", text);
    const CpuTime time;
    EXPECT_THAT([&] { read_weights_file(path); }, ThrowsMessage<InputError>(HasSubstr(expected)));
    EXPECT_LT(time.seconds(), kSecondsOfInput);
  }
}

TEST(ShardedWeightsTest, MutatedIndexesAreReadOrRefused) {
  const int iterations = fuzz_iterations(500);
  const FuzzLimits limits;
  const TemporaryDirectory folder;
  write_safetensors(folder.path("a-1.safetensors"), {{"x", one_to_four()}}, {});
  const std::string valid = R"({"metadata": {"total_size": 16}, "weight_map": {"x": "a-1.safetensors"}})";
  int accepted = 0;
  int refused = 0;
  for (int i = 0; i < iterations; ++i) {
    RandomStream random(1, Purpose::test, {static_cast<std::uint64_t>(i)});
    const std::string path =
        folder.write("m" + std::to_string(i) + ".safetensors.index.json", mutated_text(valid, kJsonTokens, random));
    const CpuTime time;
    try {
      accepted += read_weights_file(path).tensors.size() == 1 ? 1 : 0;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), Not(HasSubstr("exception")));
      ++refused;
    }
    ASSERT_LT(time.seconds(), kSecondsOfInput) << path;
  }
  EXPECT_GT(accepted, 0);
  EXPECT_GT(refused, iterations / 3);
}

TEST(WeightsFileTest, NotesSayWhatElseTheFileHas) {
  const TemporaryDirectory folder;
  using namespace pickled;
  const std::string state = dict({{"w", floats("0", 4)}, {"epoch", number(3)}});
  const std::string path =
      folder.write("a.pth", torch_zip(dict({{"state_dict", state}, {"state_dict_ema", state}}), {{"0", bytes_of_four()}}));
  EXPECT_THAT(read_weights_file(path).notes,
              ElementsAre(path + ": read 'state_dict'; the file also has tensors at the keys state_dict_ema",
                          path + ": skipped 1 of its values, which are no tensors: epoch (the number 3)"));
  EXPECT_EQ(read_weights_file(path, "state_dict_ema").notes.size(), 1U) << "who names a key knows";
  const std::string safetensors = folder.path("a.safetensors");
  write_safetensors(safetensors, {{"w", one_to_four()}}, {});
  EXPECT_THAT(read_weights_file(safetensors).notes, IsEmpty());
  EXPECT_THAT([&] { read_weights_file(safetensors, "teacher"); },
              ThrowsMessage<InputError>(HasSubstr("expected no key for a safetensors file, which has no nested dicts, got "
                                                  "'teacher'; ")));
}

TEST(WrapperPrefixTest, GoesWhereAllNamesHaveIt) {
  using Unwrapped = std::pair<std::string, std::vector<std::string>>;
  EXPECT_EQ(unwrapped({"module.a", "module.b.c"}), (Unwrapped{"module.", {"a", "b.c"}}));
  EXPECT_EQ(unwrapped({"_orig_mod.a"}), (Unwrapped{"_orig_mod.", {"a"}}));
  EXPECT_EQ(unwrapped({"_orig_mod.module.a"}), (Unwrapped{"_orig_mod.module.", {"a"}}));
  EXPECT_EQ(unwrapped({"module._orig_mod.a"}), (Unwrapped{"module._orig_mod.", {"a"}}));
  EXPECT_EQ(unwrapped({"a", "b.c"}), (Unwrapped{"", {"a", "b.c"}}));
}

TEST(WrapperPrefixTest, StaysWhereItIsAPartOfTheNames) {
  EXPECT_EQ(unwrapped({"b", "module.a"}).first, "") << "not all";
  EXPECT_EQ(unwrapped({"_orig_mod.a", "module.b"}).first, "") << "not the same";
  EXPECT_EQ(unwrapped({"modules.a"}).first, "");
  EXPECT_EQ(unwrapped({"net.module.a"}).first, "");
  EXPECT_EQ(unwrapped({"module."}).second, std::vector<std::string>{"module."}) << "nothing would be left";
  EXPECT_EQ(unwrapped({"module.", "module.a"}).first, "");
  EXPECT_THAT(unwrapped({}).first, IsEmpty());
}

TEST(WrapperPrefixTest, TensorsKeepTheirValues) {
  const WeightsFile file = without_wrapper_prefix("a.pth", tensors_named({"module.a", "module.b"}));
  EXPECT_EQ(file.path, "a.pth");
  EXPECT_EQ(file.tensors.at("a").item<int>(), 0);
  EXPECT_EQ(file.tensors.at("b").item<int>(), 1);
}

TEST(RenameTest, IsReadFromText) {
  const auto parts = [](const std::string& text) {
    const Rename rename = parse_rename(text, "--rename");
    return std::pair(rename.from, rename.to);
  };
  EXPECT_EQ(parts("linear=fc"), std::pair(std::string("linear"), std::string("fc")));
  EXPECT_EQ(parts("a.0.b=c.1"), std::pair(std::string("a.0.b"), std::string("c.1")));
  EXPECT_EQ(parts("module="), std::pair(std::string("module"), std::string()));
  EXPECT_EQ(parts("linear.=fc."), std::pair(std::string("linear"), std::string("fc"))) << "prefixes as in Python";
  EXPECT_EQ(parts(".linear=."), std::pair(std::string("linear"), std::string()));
}

TEST(RenameTest, OtherTextsAreRefusedWithTheOptionsName) {
  for (const char* text : {"", "linear", "=fc", "=", ".=fc", "a=b=c", "a=b="}) {
    EXPECT_THAT(
        [&] { parse_rename(text, "train.init.rename"); },
        ThrowsMessage<InputError>(std::string("train.init.rename: expected FROM=TO, parts of tensors' names, got '") + text +
                                  "'; e.g. linear=fc"));
  }
}

TEST(RenamedTest, WithoutRenamesTheNamesStay) {
  EXPECT_THAT(names_after({"fc.bias", "fc.weight"}, {}), ElementsAre("fc.bias", "fc.weight"));
}

TEST(RenamedTest, WholePartsChangeWhereverTheyStand) {
  EXPECT_THAT(names_after({"linear.bias", "linear.weight"}, {"linear=fc"}), ElementsAre("fc.bias", "fc.weight"));
  EXPECT_THAT(names_after({"a.linear.w", "b.linear", "linear"}, {"linear=fc"}), ElementsAre("a.fc.w", "b.fc", "fc"));
  EXPECT_THAT(names_after({"linear.w", "linear2.w", "nonlinear.w"}, {"linear=fc"}),
              ElementsAre("fc.w", "linear2.w", "nonlinear.w"))
      << "parts of words are no parts";
  EXPECT_THAT(names_after({"a.b.c", "a.bb.c", "x.a.b"}, {"a.b=d"}), ElementsAre("a.bb.c", "d.c", "x.d"));
  EXPECT_THAT(names_after({"layer1.0.w"}, {"layer1.0=layers.0.blocks.0"}), ElementsAre("layers.0.blocks.0.w"));
}

TEST(RenamedTest, PartsThatTouchOrOverlapChangeFromTheLeft) {
  EXPECT_THAT(names_after({"a.a.a.w"}, {"a=b"}), ElementsAre("b.b.b.w"));
  EXPECT_THAT(names_after({"a.a.a.w"}, {"a.a=b"}), ElementsAre("b.a.w"));
  EXPECT_THAT(names_after({"a.w"}, {"a=a.a"}), ElementsAre("a.a.w")) << "what came in is not changed again";
}

TEST(RenamedTest, AnEmptyNewNameLeavesThePartsOut) {
  EXPECT_THAT(names_after({"encoder.a.w", "encoder.b"}, {"encoder="}), ElementsAre("a.w", "b"));
  EXPECT_THAT(names_after({"a.body.w", "a.body"}, {"body="}), ElementsAre("a", "a.w"));
  EXPECT_THAT(names_after({"x.x.w"}, {"x="}), ElementsAre("w"));
  EXPECT_THAT(names_after({"criterion.w", "a.w"}, {"criterion.w="}), ElementsAre("a.w")) << "and the tensor with its name";
  EXPECT_THAT(names_after({"module.a.w", "n_averaged"}, {}), ElementsAre("a.w")) << "an average's counter is no weight";
}

TEST(RenamedTest, AMocoCheckpointIsOnePatternAndOneToSkip) {
  const std::vector<std::string> names{"module.encoder_k.conv1.w", "module.encoder_q.conv1.w", "module.encoder_q.fc.0.w",
                                       "module.queue", "module.queue_ptr"};
  EXPECT_THAT(names_after(names, {"encoder_q.*=*", "encoder_k.*=", "queue*="}), ElementsAre("conv1.w", "fc.0.w"));
  EXPECT_THAT(names_after(names, {"module.encoder_q.*=*", "module.encoder_k.*=", "module.queue*="}),
              ElementsAre("conv1.w", "fc.0.w"));
}

TEST(RenamedTest, ATensorOfAWrappedNetworkIsSkippedByItsNameToo) {
  EXPECT_THAT(names_after({"module.a.w", "module.queue"}, {"queue="}), ElementsAre("a.w"))
      << "and does not become a tensor named module";
}

TEST(RenamedTest, StarsStandForAnyCharactersOfWholeNames) {
  EXPECT_THAT(names_after({"a.0.conv.w", "a.12.conv.w"}, {"a.*.conv.*=stage*.convolution.*"}),
              ElementsAre("stage0.convolution.w", "stage12.convolution.w"));
  EXPECT_THAT(names_after({"a.b.c", "b.c"}, {"b.*=d.*"}), ElementsAre("a.b.c", "d.c")) << "from the beginning";
  EXPECT_THAT(names_after({"a.b", "a.b.c"}, {"*.b=d"}), ElementsAre("a.b.c", "d")) << "to the end";
  EXPECT_THAT(names_after({"a.x.y.b", "w"}, {"a.*.*.b=*-*"}), ElementsAre("w", "x-y"));
  EXPECT_THAT(names_after({"x.y.z.z", "w"}, {"*.z=*"}), ElementsAre("w", "x.y.z")) << "the last part alone";
  EXPECT_THAT(names_after({"aab", "w"}, {"*ab=*"}), ElementsAre("a", "w"));
  EXPECT_THAT(names_after({"a.num", "b.num", "w"}, {"*.num="}), ElementsAre("w"));
  EXPECT_THAT(names_after({"a", "b"}, {"*=net.*"}), ElementsAre("net.a", "net.b"));
}

TEST(RenamedTest, APatternThatMatchesNothingOrHasTooManyStarsIsRefused) {
  EXPECT_EQ(rename_refusal({"a.w"}, {"b.*="}),
            "rename b.*=: expected a pattern of names in a.pth, got one that matches none; check the names in the file");
  EXPECT_THAT(rename_refusal({"a.w"}, {"a.*=*.*"}), HasSubstr("expected at most as many * in TO as in FROM, got 'a.*=*.*'"));
  EXPECT_THAT(rename_refusal({"a.w", "b.w"}, {"*.w=v"}), HasSubstr("got 'v' twice"));
}

TEST(RenamedTest, AHostileNameAndPatternTakeLittleTime) {
  const std::string name(20'000, 'a');
  EXPECT_THAT(rename_refusal({name}, {"*a*a*a*a*a*a*a*b="}), HasSubstr("one that matches none"));
}

TEST(RenamedTest, OneFollowsTheOther) {
  EXPECT_THAT(names_after({"a.w", "b.w"}, {"a=c", "b=d"}), ElementsAre("c.w", "d.w"));
  EXPECT_THAT(names_after({"a.w"}, {"a=b", "b=c"}), ElementsAre("c.w"));
  EXPECT_THAT(names_after({"a.w", "b.w"}, {"a=t", "b=a", "t=b"}), ElementsAre("a.w", "b.w"));
  const auto swapped =
      renamed_tensors(without_wrapper_prefix("a.pth", tensors_named({"a.w", "b.w"})), renames_of({"a=t", "b=a", "t=b"}));
  EXPECT_EQ(swapped.at("a.w").item<int>(), 1);
  EXPECT_EQ(swapped.at("b.w").item<int>(), 0);
}

TEST(RenamedTest, TheFilesPrefixMayBeNamedAndNeedNot) {
  const std::vector<std::string> names{"module.conv.w", "module.linear.w"};
  EXPECT_THAT(names_after(names, {"linear=fc"}), ElementsAre("conv.w", "fc.w"));
  EXPECT_THAT(names_after(names, {"module.linear=fc"}), ElementsAre("conv.w", "fc.w"));
  EXPECT_THAT(names_after(names, {"module.linear=module.fc"}), ElementsAre("conv.w", "fc.w"));
  EXPECT_THAT(names_after(names, {"module="}), ElementsAre("conv.w", "linear.w"));
  EXPECT_THAT(names_after(names, {"module=net"}), ElementsAre("net.conv.w", "net.linear.w"));
  EXPECT_THAT(names_after({"a", "module.b"}, {"module="}), ElementsAre("a", "b")) << "a prefix that not all have";
}

TEST(RenamedTest, ARenameThatChangesNothingIsRefusedWithTheNearestName) {
  const std::vector<std::string> names{"layer1.0.conv1.weight", "linear.bias", "linear.weight"};
  EXPECT_EQ(rename_refusal(names, {"lineer=fc"}),
            "rename lineer=fc: expected parts of a name in a.pth, got 'lineer'; did you mean 'linear'?");
  EXPECT_THAT(rename_refusal(names, {"linear.wieght=fc.weight"}), EndsWith("did you mean 'linear.weight'?"));
  EXPECT_THAT(rename_refusal(names, {"conv=c"}), EndsWith("did you mean 'conv1'?")) << "parts within a name";
  EXPECT_EQ(rename_refusal(names, {"transformer=x"}),
            "rename transformer=x: expected parts of a name in a.pth, got 'transformer'; check the names in the file");
  EXPECT_THAT(rename_refusal(names, {"linear=fc", "linear=head"}), HasSubstr("rename linear=head: "))
      << "the name is gone by then";
  EXPECT_THAT(rename_refusal(names, {"linear=fc", "linear=head"}), Not(HasSubstr("did you mean 'linear'?")));
  EXPECT_THAT(rename_refusal(names, {"linear=linear"}), HasSubstr("rename linear=linear: "));
}

TEST(RenamedTest, NoTwoTensorsGetOneName) {
  EXPECT_EQ(
      rename_refusal({"a.w", "b.w"}, {"a=b"}),
      "rename a=b: expected every tensor of a.pth with a name of its own, got 'b.w' twice; rename or skip one of them");
  EXPECT_THAT(rename_refusal({"a.w", "w"}, {"a="}), HasSubstr("got 'w' twice"));
  EXPECT_EQ(rename_refusal({"a", "b"}, {"a=", "b="}),
            "a.pth: expected tensors after the renames, got none; remove fewer of them");
  // With the prefix, which goes afterwards, the names differ.
  EXPECT_EQ(rename_refusal({"module.a.w", "module.b.w"}, {"module.a=b"}),
            "a.pth: expected every tensor with a name of its own, got 'b.w' twice; rename one of them");
}

}  // namespace
}  // namespace fovea
