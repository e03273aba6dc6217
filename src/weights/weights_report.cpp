#include <algorithm>

#include <fovea/base/utf8.h>
#include <fovea/nn/finite_values.h>
#include <fovea/nn/shape_text.h>
#include <fovea/options/names.h>
#include <fovea/weights/weights_report.h>

namespace fovea {
namespace {

constexpr std::size_t kShown = 3;                // differences quoted of each kind
constexpr std::size_t kLongest = 100;            // characters of a name: a file may hold any
constexpr std::size_t kCompared = 128;           // unexpected names that are compared with all missing ones
constexpr std::size_t kMostCells = 200'000'000;  // of edit distances, about half a second

/// "2 missing (a, b)"; empty without names.
std::string quoted(const std::vector<std::string>& names, const std::string& kind) {
  if (names.empty()) return "";
  std::string text = std::to_string(names.size()) + " " + kind + " (";
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) {
    const bool is_long = names[i].size() > kLongest;
    text += (i > 0 ? ", " : "") + std::string(truncated_utf8(names[i], kLongest)) + (is_long ? "..." : "");
  }
  return text + (names.size() > kShown ? ", ...)" : ")");
}

std::string quoted(const std::vector<WeightsReport::Mismatch>& mismatches, const std::string& kind) {
  std::vector<std::string> texts;
  for (const auto& mismatch : mismatches) texts.push_back(mismatch.name + " " + mismatch.expected + ", got " + mismatch.got);
  return quoted(texts, kind);
}

}  // namespace

std::string WeightsReport::summary() const {
  std::vector<std::string> with_nearest;
  for (const Unexpected& other : unexpected) {
    with_nearest.push_back(other.name + (other.nearest.empty() ? "" : ", near " + other.nearest));
  }
  std::vector<std::string> parts = {quoted(missing, "missing"), quoted(with_nearest, "unexpected"),
                                    quoted(shape_mismatch, "with a shape mismatch"),
                                    quoted(dtype_mismatch, "with a dtype mismatch")};
  std::erase(parts, "");
  return join_names(parts);
}

WeightsReport compare_without_suggestions(const NamedTensors& own, const NamedTensors& given) {
  WeightsReport report;
  for (const auto& [name, tensor] : own) {
    const auto found = given.find(name);
    if (found == given.end()) {
      report.missing.push_back(name);
    } else if (found->second.sizes() != tensor.sizes()) {
      report.shape_mismatch.push_back({name, shape_text(tensor), shape_text(found->second)});
    } else if (tensor.dim() > 0 && found->second.is_floating_point() != tensor.is_floating_point()) {  // counters may differ
      report.dtype_mismatch.push_back(
          {name, c10::toString(tensor.scalar_type()), c10::toString(found->second.scalar_type())});
    }
  }
  for (const auto& [name, tensor] : given) {
    if (!own.contains(name)) report.unexpected.push_back({name, ""});
  }
  return report;
}

WeightsReport compare_weights(const NamedTensors& own, const NamedTensors& given) {
  WeightsReport report = compare_without_suggestions(own, given);
  std::size_t letters = 0;
  for (const std::string& name : report.missing) letters += name.size();
  std::size_t cells = 0;
  for (std::size_t i = 0; i < std::min(report.unexpected.size(), kCompared); ++i) {
    auto& [name, nearest] = report.unexpected[i];
    cells += name.size() * letters;
    if (cells > kMostCells) break;
    if (name.size() <= kLongest) nearest = nearest_name(name, report.missing);
  }
  return report;
}

std::vector<std::string> not_finite_names(const NamedTensors& tensors) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors) {
    if (!is_finite(tensor)) names.push_back(name);
  }
  return names;
}

}  // namespace fovea
