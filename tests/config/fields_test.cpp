#include <cstdint>
#include <limits>
#include <locale>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/config/named_options.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

enum class Shade { dark, middle, light };

struct InnerOptions {
  std::int64_t depth = 2;
  void visit_fields(FieldVisitor& fields) { fields.integer("depth", depth, kPositiveInteger, "how deep"); }
};

/// "3x4" as a pair, for a field with a notation of its own.
struct SizeField final : CustomField {
  std::string text = "1x2";
  std::string path;

  void read(const ConfigNode& value, const std::string& where) override {
    path = where;
    if (value.scalar.find('x') == std::string::npos) throw InputError(value.origin + ": " + where, "AxB", value.describe());
    text = value.scalar;
  }
  Json write() override { return text; }
};

/// One field of every kind and range.
struct EveryField {
  bool flag = true;
  std::int64_t any = -3;
  std::int64_t count = 1;
  std::int64_t at_most = 4;
  std::int64_t digit = 5;
  double number = -0.5;
  double above = 0.25;
  double not_negative = 0.0;
  double ceiling = 1.5;
  double fraction = 1.0;
  double below_one = 0.0;
  double between = 0.5;
  std::string text = "word";
  std::optional<double> optional = 0.75;
  std::vector<std::int64_t> sizes{7};
  std::vector<double> mean{0.1, 0.2, 0.3};
  std::vector<std::string> layers{"first", "last"};
  Shade shade = Shade::middle;
  InnerOptions inner;
  SizeField custom_size;

  void visit_fields(FieldVisitor& fields) {
    fields.boolean("flag", flag, "a switch");
    fields.integer("any", any, {}, "any integer");
    fields.integer("count", count, kPositiveInteger, "a count");
    fields.integer("at_most", at_most, {.maximum = 9}, "at most nine");
    fields.integer("digit", digit, {0, 9}, "a digit");
    fields.real("number", number, {}, "any number");
    fields.real("above", above, kPositive, "above zero");
    fields.real("not_negative", not_negative, kNonNegative, "zero or more");
    fields.real("ceiling", ceiling, {.maximum = 2.0, .maximum_open = true}, "below two");
    fields.real("fraction", fraction, kFraction, "a fraction");
    fields.real("below_one", below_one, kFractionBelowOne, "a fraction below one");
    fields.real("between", between, {0.0, 1.0, true, true}, "strictly between");
    fields.text("text", text, "some text");
    fields.optional_real("optional", optional, kPositive, "a number or none");
    fields.integers("sizes", sizes, kNonNegativeInteger, {1, 2}, "one or two sizes");
    fields.reals("mean", mean, kFraction, {3, 3}, "three fractions");
    fields.texts("layers", layers, "some names");
    fields.choice("shade", shade, {{"dark", Shade::dark}, {"middle", Shade::middle}, {"light", Shade::light}}, "how light");
    fields.group("inner", inner, "more fields");
    fields.custom("custom_size", custom_size, "AxB");
  }
};

EveryField read_every(const std::string& yaml) {
  EveryField options;
  read_fields(options, parse_yaml(yaml, "o.yaml"), "run");
  return options;
}

/// Message of reading `yaml`, or "accepted".
std::string complaint(const std::string& yaml) {
  try {
    read_every(yaml);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

/// Writes numbers with a decimal comma.
class DecimalComma final : public std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
};

TEST(RangeTest, DescriptionsIgnoreTheLocale) {
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new DecimalComma));
  const std::string text = describe(RealRange{.minimum = 0.5, .maximum = 100000, .maximum_open = true});
  std::locale::global(before);
  EXPECT_EQ(text, "a number in [0.5, 100000)");
}

/// A value that no word names, as a caller may set it.
const Shade kNoShade = static_cast<Shade>(7);  // NOLINT(clang-analyzer-optin.core.EnumCastOutOfRange)

TEST(ChoiceTest, AValueWithoutAWordIsRefused) {
  EveryField options;
  EXPECT_NO_THROW(expect_in_range(options, "Every"));
  options.shade = kNoShade;
  EXPECT_THAT([&] { expect_in_range(options, "Every"); },
              ThrowsMessage<InputError>(StrEq("Every: shade: expected one of dark, middle and light, got 7")));
}

TEST(ChoiceTest, IsWrittenByReadersOnly) {
  EveryField options;
  options.shade = kNoShade;
  EXPECT_EQ(write_fields(options)["shade"], 7);
  EXPECT_EQ(options.shade, kNoShade);
  read_fields(options, parse_yaml("shade: dark", "o.yaml"), "");
  EXPECT_EQ(options.shade, Shade::dark);
}

TEST(ReadFieldsTest, NothingLeavesEveryDefault) {
  EveryField untouched;
  for (const char* yaml : {"", "{}", "inner:", "inner: {}"}) {
    EveryField options = read_every(yaml);
    EXPECT_EQ(write_fields(options), write_fields(untouched)) << yaml;
  }
}

TEST(ReadFieldsTest, LeavesWhatIsNotGiven) {
  EveryField options = read_every("count: 8");
  EveryField expected;
  expected.count = 8;
  EXPECT_EQ(write_fields(options), write_fields(expected));
}

TEST(ReadFieldsTest, ReadsEveryKind) {
  const EveryField options = read_every(R"(
flag: false
any: -9223372036854775808
count: 9223372036854775807
at_most: -1
digit: 9
number: -1e-3
above: .5
not_negative: 0
ceiling: 1.999
fraction: 0
below_one: 0.999
between: 1e-300
text: "two words"
optional: none
sizes: [0, 12]
mean: [0, 0.5, 1]
layers: [a b, "*.1", none, 3]
shade: light
inner: {depth: 7}
custom_size: 3x4
)");
  EXPECT_FALSE(options.flag);
  EXPECT_EQ(options.any, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(options.count, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(options.at_most, -1);
  EXPECT_EQ(options.digit, 9);
  EXPECT_EQ(options.number, -1e-3);
  EXPECT_EQ(options.above, 0.5);
  EXPECT_EQ(options.not_negative, 0.0);
  EXPECT_EQ(options.ceiling, 1.999);
  EXPECT_EQ(options.fraction, 0.0);
  EXPECT_EQ(options.below_one, 0.999);
  EXPECT_EQ(options.between, 1e-300);
  EXPECT_EQ(options.text, "two words");
  EXPECT_EQ(options.optional, std::nullopt);
  EXPECT_THAT(options.sizes, ElementsAre(0, 12));
  EXPECT_THAT(options.mean, ElementsAre(0.0, 0.5, 1.0));
  EXPECT_THAT(options.layers, ElementsAre("a b", "*.1", "none", "3"));
  EXPECT_EQ(options.shade, Shade::light);
  EXPECT_EQ(options.inner.depth, 7);
  EXPECT_EQ(options.custom_size.text, "3x4");
  EXPECT_EQ(options.custom_size.path, "run.custom_size");
}

TEST(ReadFieldsTest, AcceptsClosedEndsOfRanges) {
  for (const char* yaml : {"count: 1", "at_most: 9", "digit: 0", "not_negative: 0.0", "fraction: 0", "fraction: 1",
                           "below_one: 0", "sizes: 0", "mean: [0, 1, 1]", "optional: 1"}) {
    EXPECT_EQ(complaint(yaml), "accepted") << yaml;
  }
}

TEST(ReadFieldsTest, SaysWhatItExpectedAndGot) {
  const std::string sizes = "a list of 1 to 2, each an integer >= 0";
  const std::string mean = "a list of 3, each a number in [0, 1]";
  const std::vector<std::pair<std::string, std::pair<std::string, std::string>>> cases = {
      {"flag: yes", {"true or false", "'yes'"}},
      {"flag: 1", {"true or false", "'1'"}},
      {"flag: [true]", {"true or false", "a list"}},
      {"flag:", {"true or false", "null"}},
      {"any: 1.0", {"an integer", "'1.0'"}},
      {"any: 1e3", {"an integer", "'1e3'"}},
      {"any: x", {"an integer", "'x'"}},
      {"any: 12x", {"an integer", "'12x'"}},
      {"any: ''", {"an integer", "''"}},
      {"any: 9223372036854775808", {"an integer", "'9223372036854775808'"}},
      {"any: {a: 1}", {"an integer", "a map"}},
      {"count: 0", {"an integer >= 1", "'0'"}},
      {"at_most: 10", {"an integer <= 9", "'10'"}},
      {"digit: 10", {"an integer from 0 to 9", "'10'"}},
      {"digit: -1", {"an integer from 0 to 9", "'-1'"}},
      {"number: x", {"a number", "'x'"}},
      {"number: 1.5.2", {"a number", "'1.5.2'"}},
      {"number: 1e400", {"a number", "'1e400'"}},
      {"number: [1]", {"a number", "a list"}},
      {"above: 0", {"a number > 0", "'0'"}},
      {"not_negative: -0.1", {"a number >= 0", "'-0.1'"}},
      {"ceiling: 2", {"a number < 2", "'2'"}},
      {"fraction: 1.0001", {"a number in [0, 1]", "'1.0001'"}},
      {"below_one: 1", {"a number in [0, 1)", "'1'"}},
      {"between: 0", {"a number in (0, 1)", "'0'"}},
      {"between: 1", {"a number in (0, 1)", "'1'"}},
      {"text: [a]", {"text", "a list"}},
      {"text:", {"text", "null"}},
      {"optional: 0", {"a number > 0 or none", "'0'"}},
      {"optional: null", {"a number > 0 or none", "null"}},
      {"sizes: x", {sizes, "'x'"}},
      {"sizes: -1", {sizes, "'-1'"}},
      {"sizes: [1, y]", {sizes, "'y'"}},
      {"sizes: [1, [2]]", {sizes, "a list"}},
      {"sizes: [1, 2, 3]", {sizes, "3 values"}},
      {"sizes: []", {sizes, "0 values"}},
      {"sizes: {a: 1}", {sizes, "a map"}},
      {"mean: 0.5", {mean, "1 values"}},
      {"mean: [0, 0.5, 2]", {mean, "'2'"}},
      {"mean:", {mean, "null"}},
      {"layers: [a, [b]]", {"a list of texts", "a list"}},
      {"layers: [a, null]", {"a list of texts", "null"}},
      {"layers: {a: b}", {"a list of texts", "a map"}},
      {"layers:", {"a list of texts", "null"}},
      {"shade: grey", {"one of dark, middle and light", "'grey'"}},
      {"shade: [dark]", {"one of dark, middle and light", "a list"}},
      {"shade:", {"one of dark, middle and light", "null"}},
      {"inner: 3", {"a map of keys and values", "'3'"}},
      {"inner: [depth]", {"a map of keys and values", "a list"}},
      {"custom_size: 3", {"AxB", "'3'"}},
  };
  for (const auto& [yaml, message] : cases) {
    const std::string key = yaml.substr(0, yaml.find(':'));
    EXPECT_EQ(complaint(yaml), "o.yaml:1: run." + key + ": expected " + message.first + ", got " + message.second);
  }
}

TEST(ReadFieldsTest, RefusesWhatIsNoFiniteNumber) {
  for (const std::string word : {"nan", ".nan", "NaN", "inf", "-inf", ".inf", "infinity"}) {
    EXPECT_EQ(complaint("number: " + word), "o.yaml:1: run.number: expected a number, got '" + word + "'");
    EXPECT_EQ(complaint("above: " + word), "o.yaml:1: run.above: expected a number > 0, got '" + word + "'");
    EXPECT_EQ(complaint("optional: " + word), "o.yaml:1: run.optional: expected a number > 0 or none, got '" + word + "'");
  }
}

TEST(ReadFieldsTest, PointsAtTheLineOfTheValue) {
  EXPECT_EQ(complaint("flag: true\n\ninner:\n  depth: 0\n"), "o.yaml:4: run.inner.depth: expected an integer >= 1, got '0'");
  EXPECT_EQ(complaint("mean:\n  - 0\n  - 2\n  - 0\n"),
            "o.yaml:3: run.mean: expected a list of 3, each a number in [0, 1], got '2'");
}

TEST(ReadFieldsTest, NamesTheSettingThatWasWrong) {
  EveryField options;
  ConfigNode root = parse_yaml("", "o.yaml");
  apply_setting(root, "inner.depth=x");
  EXPECT_THAT([&] { read_fields(options, root, ""); },
              ThrowsMessage<InputError>(StrEq("setting inner.depth=x: inner.depth: expected an integer >= 1, got 'x'")));
}

TEST(ReadFieldsTest, ASettingRemovesAKeyAndNoneStaysAValueWhereItIsOne) {
  const auto read_with = [](const std::string& setting) {
    EveryField options;
    ConfigNode root = parse_yaml("{sizes: [3, 4], optional: 0.5, flag: false, inner: {depth: 9}}", "o.yaml");
    apply_setting(root, setting);
    read_fields(options, root, "");
    return options;
  };
  const EveryField plain;
  EXPECT_EQ(read_with("sizes=none").sizes, plain.sizes);
  EXPECT_EQ(read_with("sizes=").sizes, plain.sizes);
  EXPECT_EQ(read_with("inner=none").inner.depth, plain.inner.depth);
  EXPECT_EQ(read_with("inner.depth=").inner.depth, plain.inner.depth);
  EXPECT_EQ(read_with("flag=").flag, plain.flag);
  EXPECT_EQ(read_with("optional=none").optional, std::nullopt);
  EXPECT_EQ(read_with("optional=").optional, plain.optional);
  EXPECT_THAT([&] { read_with("szies=none"); }, ThrowsMessage<InputError>(HasSubstr("szies: unknown key")));
}

TEST(ReadFieldsTest, AScalarIsAListOfOne) {
  EXPECT_THAT(read_every("sizes: 256").sizes, ElementsAre(256));
  EXPECT_THAT(read_every("sizes: [256]").sizes, ElementsAre(256));
  EXPECT_THAT(read_every("layers: layer1").layers, ElementsAre("layer1"));
  EXPECT_THAT(read_every("layers: []").layers, IsEmpty());
}

TEST(ReadFieldsTest, AWrongListLeavesTheDefault) {
  EveryField options;
  EXPECT_THROW(read_fields(options, parse_yaml("sizes: [1, 2, 3]", "o.yaml"), ""), InputError);
  EXPECT_THAT(options.sizes, ElementsAre(7));
}

TEST(ReadFieldsTest, RefusesUnknownKeys) {
  EXPECT_EQ(complaint("flag: true\nflagg: true"), "o.yaml:2: run.flagg: unknown key; did you mean 'flag'?");
  EXPECT_EQ(complaint("shade: dark\nshdae: dark"), "o.yaml:2: run.shdae: unknown key; did you mean 'shade'?");
  EXPECT_EQ(complaint("inner: {dept: 1}"), "o.yaml:1: run.inner.dept: unknown key; did you mean 'depth'?");
  EXPECT_EQ(complaint("inner: {momentum: 1}"), "o.yaml:1: run.inner.momentum: unknown key; known here: depth");
  EXPECT_EQ(complaint("Flag: true"), "o.yaml:1: run.Flag: unknown key; did you mean 'flag'?");
}

TEST(ReadFieldsTest, LeavesKeysOfTheCallerAlone) {
  InnerOptions options;
  read_fields(options, parse_yaml("{name: x, depth: 3}", "o.yaml"), "part", {"name"});
  EXPECT_EQ(options.depth, 3);
  EXPECT_THAT([&] { read_fields(options, parse_yaml("{title: x, name: y}", "o.yaml"), "part", {"name"}); },
              ThrowsMessage<InputError>(StrEq("o.yaml:1: part.title: unknown key; known here: name and depth")));
  EXPECT_THAT([&] { read_fields(options, parse_yaml("nam: x", "o.yaml"), "part", {"name"}); },
              ThrowsMessage<InputError>(StrEq("o.yaml:1: part.nam: unknown key; did you mean 'name'?")));
}

TEST(ReadFieldsTest, RefusesARootThatIsNoMap) {
  InnerOptions options;
  EXPECT_THAT([&] { read_fields(options, parse_yaml("- depth", "o.yaml"), ""); },
              ThrowsMessage<InputError>(StrEq("o.yaml:1: expected a map of keys and values, got a list")));
  EXPECT_THAT([&] { read_fields(options, parse_yaml("depth", "o.yaml"), "part"); },
              ThrowsMessage<InputError>(StrEq("o.yaml:1: part: expected a map of keys and values, got 'depth'")));
}

TEST(ReadFieldsTest, LeavesOutTheDotAtTheRoot) {
  InnerOptions options;
  EXPECT_THAT([&] { read_fields(options, parse_yaml("depth: 0", "o.yaml"), ""); },
              ThrowsMessage<InputError>(StrEq("o.yaml:1: depth: expected an integer >= 1, got '0'")));
}

/// EveryField with a value of its own in each field.
EveryField every_field_changed() {
  return read_every(R"(
{flag: false, any: 12, count: 3, at_most: -7, digit: 1, number: 0.1, above: 1e-5, not_negative: 1e300, ceiling: -2,
 fraction: 0.333333333333333314829616256247390992939472198486328125, below_one: 0.5, between: 0.9, text: "123",
 optional: 0.001, sizes: [3, 4], mean: [0.485, 0.456, 0.406], layers: ["1e3"], shade: dark, inner: {depth: 11}, custom_size: 5x6})");
}

TEST(WriteFieldsTest, WritesEveryFieldInOrder) {
  EveryField options = every_field_changed();
  EXPECT_EQ(
      write_fields(options).dump(),
      R"({"flag":false,"any":12,"count":3,"at_most":-7,"digit":1,"number":0.1,"above":1e-05,"not_negative":1e+300,)"
      R"("ceiling":-2.0,"fraction":0.3333333333333333,"below_one":0.5,"between":0.9,"text":"123","optional":0.001,)"
      R"("sizes":[3,4],"mean":[0.485,0.456,0.406],"layers":["1e3"],"shade":"dark","inner":{"depth":11},"custom_size":"5x6"})");
}

TEST(WriteFieldsTest, ReadsBackFromYamlAndFromJson) {
  EveryField changed = every_field_changed();
  EveryField without = every_field_changed();
  without.optional.reset();
  without.text = "none";
  EveryField defaults;
  for (EveryField* options : {&changed, &without, &defaults}) {
    const Json written = write_fields(*options);
    EveryField from_yaml = read_every(to_yaml(written));
    EXPECT_EQ(write_fields(from_yaml).dump(), written.dump());
    EveryField from_json = read_every(written.dump());
    EXPECT_EQ(write_fields(from_json).dump(), written.dump());
  }
}

TEST(WriteFieldsTest, AnyTextReadsBack) {
  for (const std::string text : {"", "true", "null", "~", "1e3", "a: b", " x", "line\nline", "none", "[1]"}) {
    EveryField options;
    options.text = text;
    EXPECT_EQ(read_every(to_yaml(write_fields(options))).text, text);
  }
}

TEST(ReadFieldsTest, APathThatIsNoUtf8IsRefusedBeforeTrainingWritesIt) {
  for (const char* key : {"text", "layers"}) {
    ConfigNode root;
    root.kind = ConfigNode::Kind::map;
    ConfigNode path;
    path.kind = ConfigNode::Kind::scalar;
    path.scalar = "runs/caf\xE9.pth";
    root.map.push_back({key, path});
    EveryField options;
    EXPECT_THAT([&] { read_fields(options, root, ""); },
                testing::ThrowsMessage<InputError>(
                    testing::HasSubstr(std::string(key) + ": expected text in UTF-8, got 'runs/caf\\xe9.pth'; give")));
  }
}

TEST(DescribeFieldsTest, FlattensGroupsAndGivesDefaults) {
  EveryField options;
  const std::vector<FieldDescription> rows = describe_fields(options);
  std::vector<std::string> names;
  Json defaults = Json::object();
  for (const FieldDescription& row : rows) {
    names.push_back(row.name);
    defaults[row.name] = row.value;
    EXPECT_FALSE(row.help.empty()) << row.name;
    EXPECT_FALSE(row.allowed.empty()) << row.name;
  }
  EXPECT_THAT(names, ElementsAre("flag", "any", "count", "at_most", "digit", "number", "above", "not_negative", "ceiling",
                                 "fraction", "below_one", "between", "text", "optional", "sizes", "mean", "layers", "shade",
                                 "inner.depth", "custom_size"));
  Json expected = write_fields(options);
  for (const std::string& name : names) {
    EXPECT_EQ(defaults[name], name == "inner.depth" ? expected["inner"]["depth"] : expected[name]) << name;
  }
}

TEST(DescribeFieldsTest, SaysWhatIsAllowedInTheWordsOfTheMessages) {
  EveryField options;
  const std::vector<FieldDescription> rows = describe_fields(options);
  const auto allowed = [&](const std::string& name) {
    for (const FieldDescription& row : rows) {
      if (row.name == name) return row.allowed;
    }
    return std::string("no such row");
  };
  EXPECT_EQ(allowed("digit"), "an integer from 0 to 9");
  EXPECT_EQ(allowed("below_one"), "a number in [0, 1)");
  EXPECT_EQ(allowed("optional"), "a number > 0 or none");
  EXPECT_EQ(allowed("layers"), "a list of texts");
  EXPECT_EQ(allowed("sizes"), "a list of 1 to 2, each an integer >= 0");
  EXPECT_EQ(allowed("shade"), "one of dark, middle and light");
  EXPECT_EQ(allowed("inner.depth"), "an integer >= 1");
}

TEST(NamesTest, FindsTheNearest) {
  const std::vector<std::string> known = {"attention", "name", "stages", "reduction_ratio"};
  EXPECT_EQ(nearest_name("atention", known), "attention");
  EXPECT_EQ(nearest_name("attenton", known), "attention");
  EXPECT_EQ(nearest_name("stage", known), "stages");
  EXPECT_EQ(nearest_name("reduction-ratios", known), "reduction_ratio");
  EXPECT_EQ(nearest_name("stages", known), "stages");
  EXPECT_EQ(nearest_name("momentum", known), "");
  EXPECT_EQ(nearest_name("cbma", {"ceca", "cbam"}), "cbam") << "two letters the wrong way round are one mistake";
  EXPECT_EQ(nearest_name("anything", {}), "");
  EXPECT_EQ(nearest_name("STAGES", known), "stages") << "letters of another case are no mistake";
}

TEST(SuggestedNameTest, TheBeginningOfANameIsEnough) {
  const std::vector<std::string> known{"resnet18", "vit_tiny_patch16_224", "vit"};
  EXPECT_EQ(suggested_name("vit_tiny", known), "vit_tiny_patch16_224");
  EXPECT_EQ(suggested_name("vi", known), "vit") << "two letters say too little, but the nearest name is near";
  EXPECT_EQ(suggested_name("resnet8", known), "resnet18");
  EXPECT_EQ(suggested_name("nothing_like_it", known), "");
  EXPECT_EQ(suggested_name("reduction", {"radix", "reduction_ratio"}), "reduction_ratio");
}

TEST(SuggestedNameTest, TheFirstLettersOfTheWordsAreEnough) {
  const std::vector<std::string> known{"name", "learning_rate", "weight_decay", "momentum"};
  EXPECT_EQ(suggested_name("lr", known), "learning_rate");
  EXPECT_EQ(suggested_name("WD", known), "weight_decay");
  EXPECT_EQ(suggested_name("n", known), "") << "a single letter is no abbreviation";
}

TEST(NamesTest, JoinsWithAnd) {
  EXPECT_THAT(join_names({}), IsEmpty());
  EXPECT_EQ(join_names({"a"}), "a");
  EXPECT_EQ(join_names({"a", "b"}), "a and b");
  EXPECT_EQ(join_names({"a", "b", "c"}), "a, b and c");
}

TEST(SectionNameTest, ReadsAWordOrAMap) {
  const SectionName word = section_name(parse_yaml("\nse", "o.yaml"), "model.attention");
  EXPECT_EQ(word.name, "se");
  EXPECT_EQ(word.where, "o.yaml:2: model.attention");
  EXPECT_FALSE(word.has_options);
  const SectionName map = section_name(parse_yaml("ratio: 8\nname: se", "o.yaml"), "model.attention");
  EXPECT_EQ(map.name, "se");
  EXPECT_EQ(map.where, "o.yaml:2: model.attention.name");
  EXPECT_TRUE(map.has_options);
}

TEST(SectionNameTest, AsksForTheName) {
  EXPECT_THAT([] { section_name(parse_yaml("{size: 3}", "o.yaml"), "model"); },
              ThrowsMessage<InputError>(StrEq("o.yaml:1: model.name: expected a name, got none; add the key 'model.name'")));
  EXPECT_THAT([] { section_name(parse_yaml("{size: 3}", "o.yaml"), ""); },
              ThrowsMessage<InputError>(StrEq("o.yaml:1: name: expected a name, got none; add the key 'name'")));
  EXPECT_THAT([] { section_name(parse_yaml("\nname: [a]", "o.yaml"), "model"); },
              ThrowsMessage<InputError>(StrEq("o.yaml:2: model.name: expected a name, got a list")));
  EXPECT_THAT([] { section_name(parse_yaml("name:", "o.yaml"), "model"); },
              ThrowsMessage<InputError>(StrEq("o.yaml:1: model.name: expected a name, got null")));
  EXPECT_THAT([] { section_name(parse_yaml("[se]", "o.yaml"), "model"); },
              ThrowsMessage<InputError>(StrEq("o.yaml:1: model: expected a name or a map, got a list")));
  EXPECT_THAT([] { section_name(ConfigNode{}, "model"); },
              ThrowsMessage<InputError>(StrEq("model: expected a name or a map, got null")));
}

struct ShapeOptions : Options {
  double scale = 1.0;
  virtual double area() const = 0;
  void visit_fields(FieldVisitor& fields) override { fields.real("scale", scale, kPositive, "factor"); }
};

struct SquareOptions final : ShapeOptions {
  double side = 2.0;
  double area() const override { return scale * side * side; }
  void visit_fields(FieldVisitor& fields) override {
    ShapeOptions::visit_fields(fields);
    fields.real("side", side, kPositive, "length of a side");
  }
};

struct RectangleOptions final : ShapeOptions {
  double width = 1.0;
  double height = 3.0;
  double area() const override { return scale * width * height; }
  void visit_fields(FieldVisitor& fields) override {
    ShapeOptions::visit_fields(fields);
    fields.real("width", width, kPositive, "to the right");
    fields.real("height", height, kPositive, "upwards");
  }
};

struct DrawingOptions {
  NamedOptions<ShapeOptions> shape{
      {{"square", std::make_shared<SquareOptions>}, {"rectangle", std::make_shared<RectangleOptions>}}};

  void visit_fields(FieldVisitor& fields) { fields.custom("shape", shape, "what to draw"); }
};

DrawingOptions read_drawing(const std::string& yaml) {
  DrawingOptions options;
  read_fields(options, parse_yaml(yaml, "o.yaml"), "");
  return options;
}

std::string drawing_complaint(const std::string& yaml) {
  try {
    read_drawing(yaml);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(NamedOptionsTest, TheFirstRowIsTheDefault) {
  DrawingOptions options;
  EXPECT_EQ(options.shape.name(), "square");
  EXPECT_EQ(options.shape->area(), 4.0);
  EXPECT_EQ(write_fields(options).dump(), R"({"shape":{"name":"square","scale":1.0,"side":2.0}})");
}

TEST(NamedOptionsTest, ReadsABareName) {
  const DrawingOptions options = read_drawing("shape: rectangle");
  EXPECT_EQ(options.shape.name(), "rectangle");
  EXPECT_EQ((*options.shape).area(), 3.0);
}

TEST(NamedOptionsTest, ReadsAMap) {
  const DrawingOptions options = read_drawing("shape: {width: 5, name: rectangle, scale: 2}");
  EXPECT_EQ(options.shape.name(), "rectangle");
  EXPECT_EQ(options.shape->area(), 2.0 * 5.0 * 3.0);
}

TEST(NamedOptionsTest, AMapWithoutANameIsTheDefaultOne) {
  const DrawingOptions options = read_drawing("shape: {side: 3}");
  EXPECT_EQ(options.shape.name(), "square");
  EXPECT_EQ(options.shape->area(), 9.0);
}

TEST(NamedOptionsTest, ASettingExtendsABareName) {
  ConfigNode root = parse_yaml("shape: rectangle", "o.yaml");
  apply_setting(root, "shape.height=10");
  DrawingOptions options;
  read_fields(options, root, "");
  EXPECT_EQ(options.shape->area(), 10.0);
}

TEST(NamedOptionsTest, RefusesUnknownNames) {
  EXPECT_EQ(drawing_complaint("shape: circle"), "o.yaml:1: shape: expected one of square and rectangle, got 'circle'");
  EXPECT_EQ(drawing_complaint("shape:\n  name: circle"),
            "o.yaml:2: shape.name: expected one of square and rectangle, got 'circle'");
  EXPECT_EQ(drawing_complaint("shape: [square]"), "o.yaml:1: shape: expected one of square and rectangle, got a list");
  EXPECT_EQ(drawing_complaint("shape:"), "o.yaml:1: shape: expected one of square and rectangle, got null");
}

TEST(NamedOptionsTest, AnOptionOfAnotherImplementationIsUnknown) {
  EXPECT_EQ(drawing_complaint("shape: {name: rectangle, side: 3}"),
            "o.yaml:1: shape.side: unknown key; known here: name, scale, width and height");
  EXPECT_EQ(drawing_complaint("shape: {height: 3}"),
            "o.yaml:1: shape.height: unknown key; known here: name, scale and side");
  EXPECT_EQ(drawing_complaint("shape: {name: square, side: 0}"), "o.yaml:1: shape.side: expected a number > 0, got '0'");
}

TEST(NamedOptionsTest, ReadsBackWhatItWrote) {
  DrawingOptions options = read_drawing("shape: {name: rectangle, width: 0.1}");
  const Json written = write_fields(options);
  DrawingOptions again = read_drawing(to_yaml(written));
  EXPECT_EQ(written.dump(), R"({"shape":{"name":"rectangle","scale":1.0,"width":0.1,"height":3.0}})");
  EXPECT_EQ(write_fields(again).dump(), written.dump());
}

}  // namespace
}  // namespace fovea
