#include <algorithm>
#include <charconv>
#include <cstddef>
#include <numeric>
#include <optional>
#include <utility>

#include <fovea/base/csv.h>
#include <fovea/base/file.h>
#include <fovea/base/printable.h>
#include <fovea/run/prediction_csv.h>

namespace fovea {
namespace {

bool has_column_per_class(const std::vector<std::string>& classes) {
  return std::ssize(classes) <= kMostClassesOfColumns;
}

/// In UTF-8 and on one line: other bytes and control characters are escaped, so that two names stay two.
std::string csv_name(const std::string& name) {
  return printable(name);
}

/// The shortest decimal of the nearest float32: a network's logits have no more digits.
std::string csv_probability(double probability) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, static_cast<float>(probability)).ptr};
}

void append_ranked_columns(std::vector<std::string>& cells, std::int64_t ranked) {
  for (std::int64_t rank = 1; rank <= ranked; ++rank) {
    cells.push_back("class_" + std::to_string(rank));
    cells.push_back("probability_" + std::to_string(rank));
  }
}

/// The most probable classes, the lower one first where two are equal.
std::vector<std::size_t> ranked_classes(std::span<const double> probabilities) {
  std::vector<std::size_t> classes(probabilities.size());
  std::iota(classes.begin(), classes.end(), 0);
  const auto end = classes.begin() + std::min<std::ptrdiff_t>(kRankedClasses, std::ssize(classes));
  std::partial_sort(classes.begin(), end, classes.end(), [&](std::size_t one, std::size_t other) {
    return probabilities[one] > probabilities[other] || (probabilities[one] == probabilities[other] && one < other);
  });
  classes.erase(end, classes.end());
  return classes;
}

}  // namespace

std::string scored_images_header(const std::vector<std::string>& classes) {
  std::vector<std::string> cells = {"image", "true", "predicted", "correct"};
  if (has_column_per_class(classes)) {
    for (const std::string& name : classes) cells.push_back("probability_" + csv_name(name));
  } else {
    append_ranked_columns(cells, kRankedClasses);
  }
  return csv_line(cells);
}

std::string csv_row(const ScoredImage& image, const std::vector<std::string>& classes) {
  const auto name_of = [&](std::int64_t label) { return csv_name(classes[static_cast<std::size_t>(label)]); };
  std::vector<std::string> cells = {image.path ? csv_name(*image.path) : std::to_string(image.position),
                                    name_of(image.label), name_of(image.predicted),
                                    image.label == image.predicted ? "1" : "0"};
  if (has_column_per_class(classes)) {
    for (const double probability : image.probabilities) cells.push_back(csv_probability(probability));
  } else {
    for (const std::size_t label : ranked_classes(image.probabilities)) {
      cells.push_back(name_of(static_cast<std::int64_t>(label)));
      cells.push_back(csv_probability(image.probabilities[label]));
    }
  }
  return csv_line(cells);
}

std::string predictions_header(std::int64_t ranked) {
  std::vector<std::string> cells = {"image"};
  append_ranked_columns(cells, ranked);
  return csv_line(cells);
}

std::string csv_row(const Prediction& prediction, const std::string& image) {
  std::vector<std::string> cells = {csv_name(image)};
  for (const ClassProbability& entry : prediction.classes) {
    cells.push_back(csv_name(entry.name));
    cells.push_back(csv_probability(entry.probability));
  }
  return csv_line(cells);
}

EvaluationReport evaluate_into(const std::string& file, const Model& model, Split split, EvaluateOptions options) {
  std::optional<EvaluationReport> report;
  write_file_atomically(file, [&](FileWriter& writer) {
    writer.write(scored_images_header(model.classes()));
    options.scored = [&, also = std::move(options.scored)](const ScoredImage& image) {
      writer.write(csv_row(image, model.classes()));
      if (also) also(image);
    };
    report = model.evaluate(split, options);
  });
  return *std::move(report);
}

}  // namespace fovea
