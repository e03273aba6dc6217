#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <temporary_directory.h>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/base/random.h>
#include <fovea/config/config_node.h>
#include <fovea/config/parse_json.h>

#include "fuzz.h"

namespace fovea {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

/// The kinds and texts of a value in one line, so that a test can compare a whole tree.
std::string tree(const ConfigNode& value) {
  std::string text;
  switch (value.kind) {
    case ConfigNode::Kind::null:
      return "null";
    case ConfigNode::Kind::scalar:
      return "'" + value.scalar + "'";
    case ConfigNode::Kind::list:
      for (const ConfigNode& item : value.list) text += (text.empty() ? "" : ", ") + tree(item);
      return "[" + text + "]";
    case ConfigNode::Kind::map:
      for (const auto& [key, item] : value.map) text += (text.empty() ? "" : ", ") + key + ": " + tree(item);
      return "{" + text + "}";
  }
  return "?";
}

std::string tree_of(const std::string& yaml) {
  return tree(parse_yaml(yaml, "a.yaml"));
}

const ConfigNode& at(const ConfigNode& map, const std::string& key) {
  const ConfigNode* found = map.find(key);
  if (found == nullptr) throw std::out_of_range("no key " + key + " in " + tree(map));
  return *found;
}

/// `yaml` after one `--set`.
std::string tree_after(const std::string& yaml, const std::string& setting) {
  ConfigNode root = parse_yaml(yaml, "a.yaml");
  apply_setting(root, setting);
  return tree(root);
}

template <typename Number>
Number number_in(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  EXPECT_TRUE(error == std::errc() && end == text.data() + text.size()) << text;
  return number;
}

TEST(ParseYamlTest, KeepsKindsAndTexts) {
  EXPECT_EQ(tree_of("a: 1\nb: [x, 2.50, 'y z']\nc: {d: true, e: null}\nf:\ng: ''\nh: 'null'\n"),
            "{a: '1', b: ['x', '2.50', 'y z'], c: {d: 'true', e: null}, f: null, g: '', h: 'null'}");
  EXPECT_EQ(tree_of("- 1\n- - 2\n- {}\n- []\n"), "['1', ['2'], {}, []]");
  EXPECT_EQ(tree_of("word"), "'word'");
  EXPECT_EQ(tree_of(""), "null");
  EXPECT_EQ(tree_of("# nothing but a comment\n"), "null");
}

TEST(ParseYamlTest, AcceptsJson) {
  EXPECT_EQ(tree_of(R"({"a": [1, "x", null, true, 1.5e-3], "b": {"c": "\u00e4 \"quoted\""}})"),
            "{a: ['1', 'x', null, 'true', '1.5e-3'], b: {c: '\u00e4 \"quoted\"'}}");
}

TEST(ParseYamlTest, KeepsTheOrderOfKeys) {
  EXPECT_EQ(tree_of("z: 1\na: 2\nm: 3\n"), "{z: '1', a: '2', m: '3'}");
}

TEST(ParseYamlTest, RemembersFileAndLine) {
  const ConfigNode root = parse_yaml("# comment\na: 1\nb:\n  c:\n    - 5\n    - 6\n", "configs/a.yaml");
  EXPECT_EQ(at(root, "a").origin, "configs/a.yaml:2");
  const ConfigNode& c = at(at(root, "b"), "c");
  EXPECT_EQ(c.origin, "configs/a.yaml:4");  // the line of its key
  EXPECT_EQ(c.list.at(1).origin, "configs/a.yaml:6");
  EXPECT_EQ(parse_yaml("", "empty.yaml").origin, "empty.yaml");
}

TEST(ParseYamlTest, DescribesWhatItFound) {
  const ConfigNode root = parse_yaml("{a: word, b: [1], c: {d: 1}, e: }", "a.yaml");
  EXPECT_EQ(at(root, "a").describe(), "'word'");
  EXPECT_EQ(at(root, "b").describe(), "a list");
  EXPECT_EQ(at(root, "c").describe(), "a map");
  EXPECT_EQ(at(root, "e").describe(), "null");
}

TEST(ParseYamlTest, FindsKeysOfMapsOnly) {
  ConfigNode root = parse_yaml("{a: 1}", "a.yaml");
  EXPECT_EQ(root.find("b"), nullptr);
  ASSERT_NE(root.find("a"), nullptr);
  EXPECT_EQ(root.find("a")->find("a"), nullptr);
  root.find("a")->scalar = "2";
  EXPECT_EQ(tree(root), "{a: '2'}");
}

TEST(ParseYamlTest, RefusesDuplicateKeys) {
  EXPECT_THAT([] { parse_yaml("a: 1\nb: 2\na: 3\n", "a.yaml"); },
              ThrowsMessage<InputError>(StrEq("a.yaml:3: expected every key once, got 'a' again")));
  EXPECT_THAT([] { parse_yaml("x:\n  {1: 2, \"1\": 3}\n", "a.yaml"); },
              ThrowsMessage<InputError>(StrEq("a.yaml:2: expected every key once, got '1' again")));
}

TEST(ParseYamlTest, RefusesKeysThatAreNoWords) {
  EXPECT_THAT([] { parse_yaml("\n? [1, 2]\n: 3\n", "a.yaml"); },
              ThrowsMessage<InputError>(StartsWith("a.yaml:2: expected a word as key, got ")));
}

TEST(ParseYamlTest, CopiesAnchors) {
  EXPECT_EQ(tree_of("a: &x {b: [1]}\nc: *x\nd: [*x, *x]\n"), "{a: {b: ['1']}, c: {b: ['1']}, d: [{b: ['1']}, {b: ['1']}]}");
}

TEST(ParseYamlTest, RefusesAnAnchorInsideItself) {
  for (const char* yaml : {"a: &x [*x]", "a: &x {b: {c: *x}}", "&x [1, *x, *x]"}) {
    EXPECT_THAT([&] { parse_yaml(yaml, "a.yaml"); },
                ThrowsMessage<InputError>(AllOf(StartsWith("a.yaml:1: expected at most 64 nested levels, got more"),
                                                HasSubstr("anchor inside itself"))))
        << yaml;
  }
}

TEST(ParseYamlTest, RefusesAnchorsThatExplode) {
  std::string yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int level = 1; level < 10; ++level) {  // 10^10 values when written out
    const std::string below = "*a" + std::to_string(level - 1);
    yaml += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [" + below;
    for (int i = 1; i < 10; ++i) yaml += ", " + below;
    yaml += "]\n";
  }
  EXPECT_THAT(
      [&] { parse_yaml(yaml, "a.yaml"); },
      ThrowsMessage<InputError>(AllOf(StartsWith("a.yaml:"), EndsWith(": expected at most 100000 values, got more"))));
}

TEST(ParseYamlTest, LimitsTheNumberOfValues) {
  std::string items = "0";
  for (int i = 1; i < 99'999; ++i) items += ",0";
  EXPECT_EQ(parse_yaml("[" + items + "]", "a.yaml").list.size(), 99'999U);
  EXPECT_THAT([&] { parse_yaml("[" + items + ",0]", "a.yaml"); },
              ThrowsMessage<InputError>(EndsWith(": expected at most 100000 values, got more")));
}

TEST(ParseYamlTest, LimitsTheDepth) {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_EQ(tree_of(nested(64)), nested(64));
  EXPECT_THAT([&] { parse_yaml(nested(66), "a.yaml"); },
              ThrowsMessage<InputError>(StartsWith("a.yaml:1: expected at most 64 nested levels, got more")));
  // So deep that the parser itself gives up; a plain recursion would end the process.
  EXPECT_THAT([&] { parse_yaml(nested(100'000), "a.yaml"); }, ThrowsMessage<InputError>(StartsWith("a.yaml:1: expected ")));
}

TEST(ParseYamlTest, SyntaxErrorsSayTheLineWhatIsThereAndWhatToDo) {
  const std::vector<std::tuple<const char*, const char*, const char*>> cases = {
      {"a: 1\nb: [1,\n", "a.yaml:3", "a list without its ']'; add the ']'"},
      {"a: {b: 1\nc: 2\n", "a.yaml:2", "a map without its '}'; add the '}'"},
      {"a: 1\nb: c: d\n", "a.yaml:2", "a ':' where no value may follow; write 'key: value', "},
      {"a: 1\n  b: 2\n", "a.yaml:2", "indent the keys of one map alike with spaces"},
      {"a:\n\tb: 1\n", "a.yaml:2", "indent the keys of one map alike with spaces"},
      {"a:\n  b: 1\n c: 2\n", "a.yaml:3", "a line that is no part of the map above it; indent the keys"},
      {"a: - 1\n", "a.yaml:1", "a '- ' where no list may begin; begin the list on a line of its own"},
      {"a: }\n", "a.yaml:1", "a ']' or '}' without its '[' or '{'"},
      {"a: @x\n", "a.yaml:1", "a character that begins no value; put a text with such characters in quotes"},
      {"a: 1\n\nb: *unknown\n", "a.yaml:3", "an alias of an anchor that is not above it"},
      {"a: \"\\q\"\n", "a.yaml:1", "other text; put a text with special characters in quotes"},
      {"a: *\n", "a.yaml:1", "other text; put a text with special characters in quotes"},
  };
  for (const auto& [yaml, where, got] : cases) {
    EXPECT_THAT(
        [&] { parse_yaml(yaml, "a.yaml"); },
        ThrowsMessage<InputError>(AllOf(StartsWith(std::string(where) + ": expected valid YAML, got "), HasSubstr(got))))
        << yaml;
  }
}

TEST(ParseYamlTest, IgnoresNoSecondDocument) {
  EXPECT_THAT([] { parse_yaml("a: 1\n---\nb: 2\n", "a.yaml"); }, ThrowsMessage<InputError>(StartsWith("a.yaml")));
  EXPECT_EQ(tree_of("---\na: 1\n"), "{a: '1'}");
}

TEST(ParseYamlTest, RefusesACommaThatBelongsToNoList) {
  const FuzzLimits limits;  // yaml-cpp sees endless empty documents before a comma
  EXPECT_THAT([] { parse_yaml(",", "a.yaml"); },
              ThrowsMessage<InputError>(
                  StrEq("a.yaml:1: expected valid YAML, got an unexpected ','; put a text with such characters in quotes")));
  EXPECT_THAT([] { parse_yaml("\n,5", "a.yaml"); },
              ThrowsMessage<InputError>(StartsWith("a.yaml:2: expected valid YAML, got an unexpected ',5'; ")));
  for (const char* yaml : {"[1, 2], 3", "\"a\", b", "{a: 1} ,", ",,,", "--- ,", "- a\n,", "[] x"}) {
    EXPECT_THROW(parse_yaml(yaml, "a.yaml"), InputError) << yaml;
  }
}

TEST(ParseYamlTest, LimitsTheMemoryOfATree) {
  EXPECT_THAT([] { parse_yaml(std::string((1 << 20) + 1, ' '), "a.yaml"); },
              ThrowsMessage<InputError>(StartsWith("a.yaml: expected at most 1 MiB of YAML, got 1048577 bytes; ")));
  std::string copies = "a: &a '" + std::string(100'000, 'x') + "'\nb: [*a";
  for (int i = 0; i < 1000; ++i) copies += ", *a";
  EXPECT_THAT([&] { parse_yaml(copies + "]", "a.yaml"); },
              ThrowsMessage<InputError>(EndsWith(": expected at most 64 MiB of values, got more")));
  std::string nested = "x";  // anchors inside each other, which are all kept
  for (int level = 1; level <= 60; ++level) nested = "&a" + std::to_string(level) + " [" + nested + "]";
  EXPECT_NO_THROW(parse_yaml(nested, "a.yaml"));
}

TEST(ParseYamlTest, MutatedTextIsReadOrRefused) {
  const std::vector<std::string> valid{
      "seed: 42\ndata: {name: mnist, root: 'a b', limit: 0}\nmodel:\n  name: resnet8\n  attention:\n    - {name: se}\n"
      "    - name: cbam\n      stages: [1, 2]\n",
      "a: &a [1, \"two\\n\", ~]\nb: *a\nc: |\n  text\n  more\nd: >-\n  folded\n", "{\"a\": [1, 2.5e-3, null, true]}"};
  const FuzzLimits limits;
  int refused = 0;
  const int iterations = fuzz_iterations(20'000);
  for (int i = 0; i < iterations; ++i) {
    RandomStream random(1, Purpose::test, {static_cast<std::uint64_t>(i)});
    const std::string text = mutated_text(valid[static_cast<std::size_t>(i) % valid.size()], kYamlTokens, random);
    try {
      parse_yaml(text, "a.yaml");
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), StartsWith("a.yaml"));
      ++refused;
    }
  }
  if (iterations >= 100) {
    EXPECT_GT(refused, iterations / 10);
    EXPECT_LT(refused, iterations * 9 / 10);
  }
}

TEST(ParseJsonTest, KeepsKindsAndTexts) {
  const ConfigNode root =
      parse_json(R"({"a": [1, -2, 0.10, 1e-3, true, null, "null", "x\u00e9\ud83e\udd89"], "b": {}})", "a.json");
  EXPECT_EQ(tree(root), "{a: ['1', '-2', '0.10', '1e-3', 'true', null, 'null', 'x\xc3\xa9\xf0\x9f\xa6\x89'], b: {}}");
  EXPECT_EQ(at(root, "a").origin, "a.json");
}

TEST(ParseJsonTest, RefusesWhatIsNoJson) {
  EXPECT_THAT([] { parse_json("{\"a\": ,}", "a.json"); },
              ThrowsMessage<InputError>(HasSubstr("a.json: byte 7: expected valid JSON, got an unexpected")));
  for (const char* text : {"", ",", "{", "[1, 2", "{\"a\": 1} x", "1e999", "\"\xff\"", "{1: 2}"}) {
    EXPECT_THROW(parse_json(text, "a.json"), InputError) << text;
  }
  EXPECT_THAT([] { parse_json(R"({"a": 1, "a": 2})", "a.json"); },
              ThrowsMessage<InputError>(StrEq("a.json: expected every key once, got 'a' again")));
  EXPECT_THAT([] { parse_json(std::string(100'000, '['), "a.json"); },
              ThrowsMessage<InputError>(StartsWith("a.json: expected at most 64 nested levels")));
}

TEST(ParseJsonTest, MutatedTextIsReadOrRefused) {
  const std::string valid =
      R"({"a": [1, 2.5e-3, null, true, "text\n"], "b": {"c": {}, "d": []}, "e": 18446744073709551615})";
  const FuzzLimits limits;
  const int iterations = fuzz_iterations(20'000);
  for (int i = 0; i < iterations; ++i) {
    RandomStream random(1, Purpose::test, {static_cast<std::uint64_t>(i)});
    try {
      parse_json(mutated_text(valid, kJsonTokens, random), "a.json");
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), StartsWith("a.json"));
    }
  }
}

TEST(ReadYamlFileTest, ReadsAFile) {
  const TemporaryDirectory folder;
  const std::string path = folder.write("a.yaml", "x:\n  y: 1\n");
  const ConfigNode root = read_yaml_file(path);
  EXPECT_EQ(tree(root), "{x: {y: '1'}}");
  EXPECT_EQ(at(at(root, "x"), "y").origin, path + ":2");
}

TEST(ReadYamlFileTest, NamesTheFileItCannotRead) {
  const TemporaryDirectory folder;
  EXPECT_THAT([&] { read_yaml_file(folder.path("none")); },
              ThrowsMessage<InputError>(StartsWith(folder.path("none") + ": expected a readable")));
  EXPECT_THAT([&] { read_yaml_file(folder.path()); }, ThrowsMessage<InputError>(StartsWith(folder.path() + ": expected a")));
}

TEST(ApplySettingTest, ReplacesAndAddsKeys) {
  EXPECT_EQ(tree_after("a: 1", "a=2"), "{a: '2'}");
  EXPECT_EQ(tree_after("a: 1", "b=2"), "{a: '1', b: '2'}");
  EXPECT_EQ(tree_after("a: {b: 1, c: 2}", "a.b=3"), "{a: {b: '3', c: '2'}}");
  EXPECT_EQ(tree_after("a: 1", "b.c.d=2"), "{a: '1', b: {c: {d: '2'}}}");
  EXPECT_EQ(tree_after("a:", "a.b=2"), "{a: {b: '2'}}");
  EXPECT_EQ(tree_after("", "a=2"), "{a: '2'}");
}

TEST(ApplySettingTest, ReachesIntoLists) {
  const std::string yaml = "a: [{name: se}, {name: eca, k: 3}]";
  EXPECT_EQ(tree_after(yaml, "a.0.name=cbam"), "{a: [{name: 'cbam'}, {name: 'eca', k: '3'}]}");
  EXPECT_EQ(tree_after(yaml, "a.1.k=5"), "{a: [{name: 'se'}, {name: 'eca', k: '5'}]}");
  EXPECT_EQ(tree_after(yaml, "a.1=gct"), "{a: [{name: 'se'}, 'gct']}");
}

TEST(ApplySettingTest, TurnsAShortFormIntoAMap) {
  EXPECT_EQ(tree_after("model: {attention: se}", "model.attention.reduction_ratio=8"),
            "{model: {attention: {name: 'se', reduction_ratio: '8'}}}");
  EXPECT_EQ(tree_after("model: {attention: [se, eca]}", "model.attention.1.k=5"),
            "{model: {attention: ['se', {name: 'eca', k: '5'}]}}");
  EXPECT_EQ(tree_after("model: resnet20", "model.attention.name=se"),
            "{model: {name: 'resnet20', attention: {name: 'se'}}}");
  EXPECT_EQ(tree_after("model: {attention: se}", "model.attention.name=eca"), "{model: {attention: {name: 'eca'}}}");
}

TEST(ApplySettingTest, ReadsTheValueAsYaml) {
  EXPECT_EQ(tree_after("", "a=[1, {b: 2}]"), "{a: ['1', {b: '2'}]}");
  EXPECT_EQ(tree_after("a: 1", "a={b: 2, c: [3]}"), "{a: {b: '2', c: ['3']}}");
  EXPECT_EQ(tree_after("", "a='1 2'"), "{a: '1 2'}");
  EXPECT_EQ(tree_after("", "a=b=c"), "{a: 'b=c'}");
  EXPECT_EQ(tree_after("a: 1", "a="), "{a: null}");
}

TEST(ApplySettingTest, LaterSettingsSeeEarlierOnes) {
  ConfigNode root = parse_yaml("a: 1", "a.yaml");
  apply_setting(root, "m={name: x}");
  apply_setting(root, "m.y=[1]");
  apply_setting(root, "m.y.0=2");
  EXPECT_EQ(tree(root), "{a: '1', m: {name: 'x', y: ['2']}}");
}

TEST(ApplySettingTest, IsTheOriginOfItsValues) {
  ConfigNode root = parse_yaml("a: 1", "a.yaml");
  apply_setting(root, "b.c={d: x}");
  EXPECT_EQ(at(root, "a").origin, "a.yaml:1");
  EXPECT_EQ(at(root, "b").origin, "setting b.c={d: x}");
  EXPECT_EQ(at(at(root, "b"), "c").origin, "setting b.c={d: x}");
  EXPECT_THAT(at(at(at(root, "b"), "c"), "d").origin, StartsWith("setting b.c={d: x}"));
}

TEST(ApplySettingTest, RefusesWhatIsNoSetting) {
  for (const char* setting : {"a", "", "=1"}) {
    ConfigNode root = parse_yaml("a: 1", "a.yaml");
    EXPECT_THAT([&] { apply_setting(root, setting); },
                ThrowsMessage<InputError>(
                    StrEq("setting " + std::string(setting) + ": expected KEY=VALUE, got '" + std::string(setting) + "'")));
  }
}

TEST(ApplySettingTest, RefusesKeysWithEmptyParts) {
  for (const std::string key : {".a", "a..b", "a.", ".", "list."}) {
    ConfigNode root = parse_yaml("list: [1, 2]", "a.yaml");
    EXPECT_THAT(
        [&] { apply_setting(root, key + "=3"); },
        ThrowsMessage<InputError>(StartsWith("setting " + key + "=3: expected a dotted KEY without empty parts, got '")));
  }
}

TEST(ApplySettingTest, RefusesPositionsOutsideAList) {
  for (const std::string part : {"2", "-1", "x", "1x", "99999999999999999999"}) {
    ConfigNode root = parse_yaml("a: [1, 2]", "a.yaml");
    EXPECT_THAT([&] { apply_setting(root, "a." + part + "=3"); },
                ThrowsMessage<InputError>(
                    StrEq("setting a." + part + "=3: expected an index below 2 in a list, got '" + part + "'")));
  }
}

TEST(ApplySettingTest, RefusesABrokenValue) {
  ConfigNode root = parse_yaml("a: 1", "a.yaml");
  EXPECT_THAT([&] { apply_setting(root, "a=[1, 2"); },
              ThrowsMessage<InputError>(AllOf(StartsWith("setting a=[1, 2"), HasSubstr(": expected valid YAML, got "))));
}

TEST(ApplySettingTest, RefusesAMistypedDecimalComma) {
  ConfigNode root = parse_yaml("train: {optimizer: {learning_rate: 0.1}}", "a.yaml");
  EXPECT_THAT([&] { apply_setting(root, "train.optimizer.learning_rate=,5"); },
              ThrowsMessage<InputError>(
                  StartsWith("setting train.optimizer.learning_rate=,5:1: expected valid YAML, got an unexpected ',5'; ")));
}

TEST(ApplySettingTest, TruncatesALongOrigin) {
  ConfigNode root = parse_yaml("a: 1", "a.yaml");
  apply_setting(root, "a=" + std::string(1000, 'x'));
  EXPECT_EQ(at(root, "a").scalar.size(), 1000U);
  EXPECT_LT(at(root, "a").origin.size(), 300U);
}

TEST(ToYamlTest, IndentsMapsAndKeepsShortListsOnALine) {
  const Json document = {{"seed", 42},
                         {"data", {{"name", "cifar10"}, {"limit", 0}}},
                         {"crop", {224, 224}},
                         {"model", {{"attention", Json::array({Json{{"name", "se"}}, Json{{"name", "eca"}}})}}},
                         {"on", true}};
  EXPECT_EQ(to_yaml(document),
            "seed: 42\n"
            "data:\n"
            "  name: cifar10\n"
            "  limit: 0\n"
            "crop: [224, 224]\n"
            "model:\n"
            "  attention:\n"
            "    - name: se\n"
            "    - name: eca\n"
            "\"on\": true\n");
}

TEST(ToYamlTest, ReadsBackAsTheSameTree) {
  const Json document = {{"empty_list", Json::array()},
                         {"empty_map", Json::object()},
                         {"lists", {{1, 2}, {3}}},
                         {"mixed", {1, "a, b", "]", {{"x", {1, 2}}}, Json::array()}},
                         {"after", "end"}};
  EXPECT_EQ(tree_of(to_yaml(document)),
            "{empty_list: [], empty_map: {}, lists: [['1', '2'], ['3']], "
            "mixed: ['1', 'a, b', ']', {x: ['1', '2']}, []], after: 'end'}");
}

TEST(ToYamlTest, AnyTextReadsBack) {
  std::vector<std::string> texts = {"",
                                    "a",
                                    " a ",
                                    "a: b",
                                    "a:",
                                    ":a",
                                    "a #b",
                                    "#a",
                                    "- a",
                                    "-",
                                    "---",
                                    "...",
                                    "?",
                                    "? a",
                                    "[a]",
                                    "{a}",
                                    "a, b",
                                    "*a",
                                    "&a",
                                    "!a",
                                    "%a",
                                    "@a",
                                    "`a",
                                    "|",
                                    ">",
                                    "=",
                                    "<<",
                                    "'a'",
                                    "\"a\"",
                                    "it's",
                                    "a\\b",
                                    "a\nb",
                                    "a\n\nb\n",
                                    "\n",
                                    "a\tb",
                                    "\t",
                                    "a\r\n",
                                    "\x01",
                                    "\x7f",
                                    "\u00e4",
                                    "\u20ac",
                                    "\u00a0a",
                                    "\u2028",
                                    "C:\\x",
                                    "/data/a b/c",
                                    "http://a/b?c=d#e",
                                    "\U0001f600",
                                    "true",
                                    "false",
                                    "True",
                                    "yes",
                                    "no",
                                    "on",
                                    "null",
                                    "Null",
                                    "~",
                                    "none",
                                    "123",
                                    "-1",
                                    "0123",
                                    "1_000",
                                    "0x1f",
                                    "0o7",
                                    "1.5",
                                    ".5",
                                    "1e3",
                                    "-1e-05",
                                    ".inf",
                                    ".nan",
                                    "nan",
                                    "2024-01-01"};
  texts.emplace_back("a\0b", 3);
  for (const std::string& text : texts) {
    SCOPED_TRACE(testing::PrintToString(text));
    const ConfigNode in_map = parse_yaml(to_yaml(Json{{"key", text}, {"next", 1}}), "a.yaml");
    EXPECT_EQ(at(in_map, "key").kind, ConfigNode::Kind::scalar);
    EXPECT_EQ(at(in_map, "key").scalar, text);
    const ConfigNode in_list = parse_yaml(to_yaml(Json{{"list", Json::array({text, 1})}}), "a.yaml");
    ASSERT_EQ(at(in_list, "list").list.size(), 2U);
    EXPECT_EQ(at(in_list, "list").list[0].scalar, text);
    const ConfigNode as_key = parse_yaml(to_yaml(Json{{text, 1}, {text + "2", 2}}), "a.yaml");
    ASSERT_EQ(as_key.map.size(), 2U);
    EXPECT_EQ(as_key.map[0].key, text);
  }
}

TEST(ToYamlTest, QuotesTextThatOtherReadersWouldTakeForAnotherType) {
  // A reader with types (most YAML libraries) must see text where the document has text, e.g. a class named "123".
  for (const std::string text : {"true", "false", "True", "null", "~", "123", "-1", "1.5", "1e3", ".inf", ".nan", "0x1f"}) {
    EXPECT_NE(to_yaml(Json{{"key", text}}), "key: " + text + "\n");
  }
  for (const Json& value : {Json(true), Json(123), Json(1.5)}) {
    EXPECT_EQ(to_yaml(Json{{"key", value}}), "key: " + value.dump() + "\n");
  }
}

TEST(ToYamlTest, NothingStaysNothing) {
  EXPECT_EQ(tree_of(to_yaml(Json{{"a", nullptr}, {"b", {1, nullptr}}})), "{a: null, b: ['1', null]}");
}

TEST(ToYamlTest, NumbersReadBackExactly) {
  std::vector<double> numbers = {0.0,
                                 1.0,
                                 0.1,
                                 1.0 / 3,
                                 1e-5,
                                 1e22,
                                 123456789.123,
                                 std::numeric_limits<double>::max(),
                                 std::numeric_limits<double>::min(),
                                 std::numeric_limits<double>::denorm_min()};
  RandomStream bits(0, Purpose::test);
  while (numbers.size() < 1000) {
    const auto number = std::bit_cast<double>(bits());
    if (std::isfinite(number)) numbers.push_back(number);
  }
  const ConfigNode doubles = parse_yaml(to_yaml(Json{{"x", numbers}}), "a.yaml");
  ASSERT_EQ(at(doubles, "x").list.size(), numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    EXPECT_EQ(number_in<double>(at(doubles, "x").list[i].scalar), numbers[i]);
  }

  for (const std::int64_t number : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}, std::int64_t{0},
                                    (std::int64_t{1} << 53) + 1, std::numeric_limits<std::int64_t>::max()}) {
    const ConfigNode integer = parse_yaml(to_yaml(Json{{"x", number}}), "a.yaml");
    EXPECT_EQ(number_in<std::int64_t>(at(integer, "x").scalar), number);
  }
}

}  // namespace
}  // namespace fovea
