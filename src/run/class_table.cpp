#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include <fovea/base/number_text.h>
#include <fovea/base/printable.h>
#include <fovea/base/utf8.h>
#include <fovea/run/class_table.h>

namespace fovea {
namespace {

constexpr std::size_t kNarrowestName = 24;
constexpr std::size_t kWidestName = 40;

std::size_t characters(const std::string& text) {
  return character_starts(text).size() - 1;
}

/// A name of at most kWidestName characters; a longer one ends with an ellipsis.
std::string short_name(const std::string& name) {
  const std::string text = printable(name);
  const std::vector<std::size_t> starts = character_starts(text);
  return starts.size() - 1 <= kWidestName ? text : text.substr(0, starts[kWidestName - 1]) + "…";
}

std::string rate_text(const std::optional<double>& rate) {
  return rate ? fixed_text(*rate, 4) : "-";
}

/// The classes to list: all, or of many those that have images and the lowest F1, the lowest first.
std::vector<ClassScore> listed_classes(std::vector<ClassScore> classes) {
  if (std::ssize(classes) <= kMostListedClasses) return classes;
  std::erase_if(classes, [](const ClassScore& score) { return score.images == 0; });
  std::stable_sort(classes.begin(), classes.end(),
                   [](const ClassScore& one, const ClassScore& other) { return one.rates.f1 < other.rates.f1; });
  if (std::ssize(classes) > kWeakestListedClasses) classes.resize(kWeakestListedClasses);
  return classes;
}

/// Lines of a name and four right-aligned columns.
class TableLines {
 public:
  explicit TableLines(std::size_t name_width) : name_width_(name_width) {}

  void add(const std::string& name, const std::string& images, const std::string& precision, const std::string& recall,
           const std::string& f1) {
    char columns[64];
    std::snprintf(columns, sizeof columns, " %8s %10s %8s %8s\n", images.c_str(), precision.c_str(), recall.c_str(),
                  f1.c_str());
    text_ += name + std::string(name_width_ - characters(name), ' ') + columns;
  }

  std::string text() && { return std::move(text_); }

 private:
  std::size_t name_width_;
  std::string text_;
};

}  // namespace

std::string class_table(const EvaluationReport& report) {
  const std::vector<ClassScore> classes = report.per_class();
  const std::vector<ClassScore> listed = listed_classes(classes);
  std::size_t width = kNarrowestName;
  for (const ClassScore& score : listed) width = std::max(width, characters(short_name(score.name)));
  TableLines lines(width);
  lines.add("class", "images", "precision", "recall", "F1");
  for (const ClassScore& score : listed) {
    lines.add(short_name(score.name), std::to_string(score.images), rate_text(score.rates.precision),
              rate_text(score.rates.recall), rate_text(score.rates.f1));
  }
  const MacroAverage macro = macro_average(precision_recall(report.metrics.confusion()));
  lines.add("macro average", std::to_string(report.metrics.images()), fixed_text(macro.precision, 4),
            fixed_text(macro.recall, 4), fixed_text(macro.f1, 4));
  const std::string table = std::move(lines).text();
  if (listed.size() == classes.size()) return table;
  return table + "(the " + std::to_string(listed.size()) + " of " + grouped_digits(std::ssize(classes)) +
         " classes with the lowest F1; --json has all)\n";
}

}  // namespace fovea
