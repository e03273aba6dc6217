// Text and document of an evaluation's scores.

#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/utf8.h>
#include <fovea/config/config_node.h>
#include <fovea/run/class_table.h>

namespace fovea {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// A report of images of these true and predicted classes.
EvaluationReport report_of(const std::vector<std::string>& classes, const std::vector<std::int64_t>& truth,
                           const std::vector<std::int64_t>& predicted) {
  EvaluationReport report{.classes = classes, .metrics = ClassificationMetrics(std::ssize(classes)), .glimpses = {}};
  const auto logits = torch::one_hot(torch::tensor(predicted, torch::kInt64), std::ssize(classes)).to(torch::kFloat32);
  report.metrics.add(logits, torch::tensor(truth, torch::kInt64));
  return report;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(ClassTableTest, RoundsAndEndsWithTheMacroAverage) {
  std::vector<std::int64_t> truth(30, 0), predicted(30, 0);
  predicted.back() = 1;  // 29 of 30 are right
  EXPECT_EQ(class_table(report_of({"cat", "dog", "owl"}, truth, predicted)),
            "class                      images  precision   recall       F1\n"
            "cat                            30     1.0000   0.9667   0.9831\n"
            "dog                             0     0.0000        -   0.0000\n"
            "owl                             0          -        -        -\n"
            "macro average                  30     0.5000   0.4833   0.4915\n");
}

TEST(ClassTableTest, FitsTheTerminalWithNamesOfAnyKind) {
  const std::string longest(50, 'x');
  const std::vector<std::string> lines =
      lines_of(class_table(report_of({"Äpfel und Möhren", longest, "two\nlines"}, {0, 1, 2}, {0, 1, 1})));
  ASSERT_EQ(lines.size(), 5U);
  for (const std::string& line : lines) {
    EXPECT_EQ(character_starts(line).size() - 1, character_starts(lines.front()).size() - 1) << line;
    EXPECT_LE(character_starts(line).size() - 1, 80U) << line;
  }
  EXPECT_THAT(lines[2], StartsWith(std::string(39, 'x') + "… "));
  EXPECT_THAT(lines[3], StartsWith("two\\nlines "));
}

TEST(ClassTableTest, OfManyClassesTheWeakestAreListed) {
  std::vector<std::string> classes;
  std::vector<std::int64_t> truth, predicted;
  for (std::int64_t label = 0; label < 1000; ++label) {
    classes.push_back("class " + std::to_string(label));
    if (label % 2 == 1) continue;  // no images
    truth.insert(truth.end(), 2, label);
    predicted.insert(predicted.end(), {label, label % 10 == 0 ? (label + 1) % 1000 : label});
  }
  const EvaluationReport report = report_of(classes, truth, predicted);
  const std::vector<std::string> lines = lines_of(class_table(report));
  ASSERT_EQ(lines.size(), 23U);
  for (std::size_t i = 1; i <= 20; ++i) {
    EXPECT_THAT(lines[i], StartsWith("class " + std::to_string(10 * (i - 1)) + " "));
    EXPECT_THAT(lines[i], EndsWith(" 2     1.0000   0.5000   0.6667"));
  }
  EXPECT_THAT(lines[21], StartsWith("macro average "));
  EXPECT_EQ(lines[22], "(the 20 of 1 000 classes with the lowest F1; --json has all)");
  EXPECT_EQ(to_json(report)["per_class"].size(), 1000U);
}

TEST(EvaluationDocumentTest, HasIntervalMacroAverageAndRatesOfClasses) {
  const Json document = to_json(report_of({"cat", "dog", "owl"}, {0, 0, 0, 1}, {0, 0, 1, 1}));
  EXPECT_EQ(document["top1"], 0.75);
  ASSERT_EQ(document["top1_interval"].size(), 2U);
  EXPECT_NEAR(document["top1_interval"][0].get<double>(), 0.3006, 5e-5);  // (3 + 1.92073 -+ 1.95996 sqrt(0.75 + 0.96036)) /
  EXPECT_NEAR(document["top1_interval"][1].get<double>(), 0.9544, 5e-5);  // 7.84146
  EXPECT_DOUBLE_EQ(document["macro"]["precision"], (1 + 0.5) / 2);
  EXPECT_DOUBLE_EQ(document["macro"]["recall"], (2.0 / 3 + 1) / 2);
  EXPECT_DOUBLE_EQ(document["macro"]["f1"], (4.0 / 5 + 2.0 / 3) / 2);
  const Json& cat = document["per_class"][0];
  EXPECT_EQ(cat["top1"], 2.0 / 3);
  EXPECT_EQ(cat["recall"], cat["top1"]);
  EXPECT_EQ(cat["precision"], 1.0);
  EXPECT_EQ(cat["f1"], 4.0 / 5);
  for (const char* key : {"top1", "precision", "recall", "f1"}) {
    EXPECT_TRUE(document["per_class"][2].at(key).is_null()) << key;
  }
}

}  // namespace
}  // namespace fovea
