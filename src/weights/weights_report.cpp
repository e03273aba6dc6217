#include <algorithm>
#include <cmath>
#include <sstream>

#include <fovea/options/names.h>
#include <fovea/weights/weights_report.h>

namespace fovea {
namespace {

constexpr std::size_t kShown = 3;       // differences quoted of each kind
constexpr std::size_t kLongest = 100;   // characters of a name: a file may hold any
constexpr std::size_t kCompared = 128;  // unexpected names that are compared with all missing ones

/// "2 missing (a, b)"; nothing for none.
std::string quoted(const std::vector<std::string>& names, const std::string& kind) {
  if (names.empty()) return "";
  std::string text = std::to_string(names.size()) + " " + kind + " (";
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) {
    const bool is_long = names[i].size() > kLongest;
    text += (i > 0 ? ", " : "") + names[i].substr(0, kLongest) + (is_long ? "..." : "");
  }
  return text + (names.size() > kShown ? ", ...)" : ")");
}

std::string quoted(const std::vector<WeightsReport::Misfit>& misfits, const std::string& kind) {
  std::vector<std::string> texts;
  for (const auto& misfit : misfits) texts.push_back(misfit.name + " " + misfit.expected + ", got " + misfit.got);
  return quoted(texts, kind);
}

std::string shape_text(const torch::Tensor& tensor) {
  std::ostringstream text;
  text << tensor.sizes();
  return text.str();
}

}  // namespace

std::string WeightsReport::summary() const {
  std::vector<std::string> strangers;
  for (const Unexpected& other : unexpected) {
    strangers.push_back(other.name + (other.nearest.empty() ? "" : ", near " + other.nearest));
  }
  std::vector<std::string> parts = {quoted(missing, "missing"), quoted(strangers, "unexpected"),
                                    quoted(reshaped, "of another shape"), quoted(retyped, "of another type")};
  std::erase(parts, "");
  return join_names(parts);
}

WeightsReport compare_weights(const NamedTensors& own, const NamedTensors& given) {
  WeightsReport report;
  for (const auto& [name, tensor] : own) {
    const auto found = given.find(name);
    if (found == given.end()) {
      report.missing.push_back(name);
    } else if (found->second.sizes() != tensor.sizes()) {
      report.reshaped.push_back({name, shape_text(tensor), shape_text(found->second)});
    } else if (tensor.dim() > 0 && found->second.is_floating_point() != tensor.is_floating_point()) {  // counters may differ
      report.retyped.push_back({name, c10::toString(tensor.scalar_type()), c10::toString(found->second.scalar_type())});
    }
  }
  for (const auto& [name, tensor] : given) {
    if (own.contains(name)) continue;
    const bool compares = report.unexpected.size() < kCompared && name.size() <= kLongest;
    report.unexpected.push_back({name, compares ? nearest_name(name, report.missing) : ""});
  }
  return report;
}

std::vector<std::string> not_finite(const NamedTensors& tensors) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors) {
    if (!tensor.is_floating_point() || tensor.numel() == 0) continue;
    const auto [least, most] =
        torch::aminmax(tensor.to(torch::kFloat32));  // NaN when one is; no copies, as isfinite() makes
    if (!std::isfinite(least.item<float>()) || !std::isfinite(most.item<float>())) names.push_back(name);
  }
  return names;
}

}  // namespace fovea
