// What `fovea list` says about the keys of a configuration, and about one row.

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program_fixture.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ListKeys : public ProgramTest {
 protected:
  static std::string listed(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "list");
    const Finished finished = run(arguments);
    EXPECT_EQ(finished.code, 0) << finished.error;
    return finished.out;
  }

  /// Names of the options of every row.
  static std::vector<std::string> keys(const Json& rows) {
    std::vector<std::string> names;
    for (const Json& row : rows) {
      for (const Json& option : row["options"]) names.push_back(option["name"]);
    }
    return names;
  }

  /// Every key of a resolved configuration; a map that selects by name counts as its members too.
  static void collect(const Json& value, const std::string& path, std::vector<std::string>& names) {
    if (!value.is_object()) return names.push_back(path);
    for (const auto& [key, member] : value.items()) collect(member, path + "." + key, names);
  }
};

TEST_F(ListKeys, ListAloneSaysWhatCanBeListed) {
  const std::string text = listed({});
  for (const char* name : {"blocks", "models", "datasets", "augmentations", "methods", "train", "data", "preprocess"}) {
    EXPECT_THAT(text, HasSubstr(std::string("\n  ") + name + " "));
  }
  EXPECT_EQ(json({"list"}).size(), 8U);
}

TEST_F(ListKeys, EveryKeyOfAResolvedConfigurationIsListed) {
  write("ram.yaml", "data: {name: translated_digits}\nmodel: ram\ntrain: {epochs: 60}\n");
  const Json resolved = json({"train", "ram.yaml", "--print-config"});
  for (const char* section : {"train", "data", "preprocess"}) {
    const std::vector<std::string> known = keys(json({"list", section}));
    std::vector<std::string> used;
    collect(resolved[section], section, used);
    ASSERT_FALSE(used.empty());
    for (const std::string& key : used) {
      const std::size_t dot = key.rfind('.');
      const bool selects = key.substr(dot + 1) == "name" && key != "data.name";  // listed as the key of the whole map
      const bool is_of_source = key.starts_with("data.source.");  // whose options are those of other data sets
      EXPECT_THAT(known, Contains(is_of_source ? "data.source" : selects ? key.substr(0, dot) : key));
    }
  }
}

TEST_F(ListKeys, AKeyHasItsDefaultItsRangeAndASentence) {
  const std::string text = listed({"train"});
  EXPECT_THAT(text, HasSubstr("  train.batch_size: 128\n      images per batch; an integer from 1 to 1048576\n"));
  EXPECT_THAT(text, HasSubstr("\ntrain.optimizer: adamw\n  train.optimizer.learning_rate: "));
  EXPECT_THAT(listed({"data"}), AllOf(HasSubstr("  data.augment.flip.probability: 0.0\n"),
                                      HasSubstr("\ndata.name: image_folder\n  data.root:")));
}

TEST_F(ListKeys, ANameChoosesAKeyAGroupOrWhatAKeySelects) {
  EXPECT_THAT(listed({"train", "epochs"}), AllOf(HasSubstr("train.epochs: 10"), Not(HasSubstr("batch_size"))));
  EXPECT_EQ(listed({"train", "train.epochs"}), listed({"train", "epochs"}));
  EXPECT_EQ(
      keys(json({"list", "train", "one_cycle"})),
      (std::vector<std::string>{"train.schedule.pct_start", "train.schedule.start_factor", "train.schedule.min_factor"}));
  for (const std::string& key : keys(json({"list", "train", "optimizer"}))) EXPECT_THAT(key, StartsWith("train.optimizer"));
  EXPECT_EQ(keys(json({"list", "data", "augment.flip"})),
            (std::vector<std::string>{"data.augment.flip", "data.augment.flip.probability"}));
}

TEST_F(ListKeys, OneNetworkOrBlockIsPrintedInFull) {
  EXPECT_THAT(listed({"models", "resnet50"}),
              AllOf(StartsWith("resnet50: Deep Residual Learning"), HasSubstr("  model.layers: [3, 4, 6, 3]\n"),
                    Not(HasSubstr("resnet18"))));
  EXPECT_THAT(listed({"blocks", "se"}), AllOf(StartsWith("se: "), HasSubstr("  model.attention.reduction_ratio: 16.0\n")));
  EXPECT_THAT(listed({"augmentations", "erasing"}), HasSubstr("  data.augment.erasing.probability: 0.0\n"));
  EXPECT_EQ(json({"list", "models", "resnet50"}).size(), 1U);
}

TEST_F(ListKeys, NoLineIsLongerThanATerminalIsWide) {
  for (const char* what : {"", "models", "blocks", "datasets", "augmentations", "methods", "train", "data", "preprocess"}) {
    std::istringstream lines(*what == '\0' ? listed({}) : listed({what}));
    for (std::string line; std::getline(lines, line);) {
      const bool is_one_word = line.find(' ', line.find_first_not_of(' ')) == std::string::npos;
      if (!is_one_word) {
        EXPECT_LE(line.size(), 80U) << what << ": " << line;
      }
    }
  }
}

TEST_F(ListKeys, ListOfNetworksHasOneRowEach) {
  const std::string text = listed({"models"});
  const auto lines = std::count(text.begin(), text.end(), '\n');
  EXPECT_LT(lines, 3 * static_cast<std::ptrdiff_t>(json({"list", "models"}).size()));
  EXPECT_THAT(text, AllOf(HasSubstr("\n  resnet18 "), HasSubstr("fovea list models NAME")));
}

TEST_F(ListKeys, UnknownNamesAreSuggested) {
  EXPECT_THAT(refusal({"list", "bloks"}), HasSubstr("fovea list: expected one of blocks, models"));
  EXPECT_THAT(refusal({"list", "bloks"}), HasSubstr("did you mean 'blocks'?"));
  EXPECT_THAT(refusal({"list", "Models"}), HasSubstr("did you mean 'models'?"));
  EXPECT_THAT(refusal({"list", "models", "ResNet50"}), HasSubstr("did you mean 'resnet50'?"));
  EXPECT_THAT(refusal({"list", "blocks", "cbma"}), HasSubstr("did you mean 'cbam'?"));
  EXPECT_THAT(refusal({"list", "augmentations", "flop"}), HasSubstr("did you mean 'flip'?"));
  EXPECT_THAT(refusal({"list", "preprocess", "size"}), HasSubstr("a key of preprocess (resize, crop, interpolation, "));
  EXPECT_THAT(refusal({"list", "train", "epoch"}), HasSubstr("did you mean 'epochs'?"));
  EXPECT_THAT(refusal({"list", "train", "--axis", "spatial"}),
              HasSubstr("fovea list with a trait: expected blocks or models, got 'train'; remove the trait"));
}

}  // namespace
}  // namespace fovea
