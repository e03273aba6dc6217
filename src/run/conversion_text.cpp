#include <sstream>
#include <vector>

#include <fovea/base/number_text.h>
#include <fovea/base/printable.h>
#include <fovea/run/conversion_text.h>
#include <fovea/run/internal/text_lines.h>

namespace fovea {
namespace {

void add_names(TextLines& lines, const std::string& heading, const std::vector<std::string>& names) {
  if (names.empty()) return;
  lines.add_line(heading + " (" + std::to_string(names.size()) + ")");
  for (const std::string& name : names) lines.add_line("  " + printable(name));
}

void add_mismatches(TextLines& lines, const std::string& heading, const std::vector<WeightsReport::Mismatch>& mismatches) {
  std::vector<std::string> texts;
  for (const auto& mismatch : mismatches) {
    texts.push_back(mismatch.name + "  expected " + mismatch.expected + ", got " + mismatch.got);
  }
  add_names(lines, heading, texts);
}

void add_fit(TextLines& lines, const WeightsReport& report) {
  add_names(lines, "missing", report.missing);
  std::vector<std::string> unexpected;
  for (const auto& other : report.unexpected) {
    unexpected.push_back(other.name + (other.nearest.empty() ? "" : "  near " + other.nearest));
  }
  add_names(lines, "unexpected", unexpected);
  add_mismatches(lines, "shape mismatch", report.shape_mismatch);
  add_mismatches(lines, "dtype mismatch", report.dtype_mismatch);
  add_names(lines, "with NaN or infinity", report.not_finite);
}

void add_tensors(TextLines& lines, const NamedTensors& tensors) {
  for (const auto& [name, tensor] : tensors) {
    std::ostringstream shape;
    shape << tensor.sizes();
    lines.add_line("  " + padded(printable(name), 48) + " " + padded(shape.str(), 16) + " " +
                   c10::toString(tensor.scalar_type()));
  }
}

/// What the file cannot tell: what was assumed, and the keys that change it.
void add_assumed(TextLines& lines, const std::vector<AssumedChoice>& assumed) {
  if (assumed.empty()) return;
  lines.add("assumed", "what no tensor tells:");
  for (const AssumedChoice& choice : assumed) {
    std::string text = choice.value;
    if (!choice.meaning.empty()) text += ": " + choice.meaning;
    if (!choice.key.empty()) {
      text += "  (" + choice.key;
      for (std::size_t i = 0; i < choice.others.size(); ++i) text += (i == 0 ? "; or " : ", ") + choice.others[i];
      text += ")";
    }
    lines.add_line("  " + padded(choice.about, 18) + " " + text);
  }
}

void add_written(TextLines& lines, const Conversion& conversion) {
  if (!conversion.out.empty()) {
    const bool is_state_dict = conversion.names_out == kStateDictNames;
    const std::string names = conversion.network.empty() ? "the file's names"
                              : is_state_dict            ? "the network's own names"
                                                         : conversion.names_out + "'s names";
    lines.add("wrote", printable(conversion.out) + ": " + std::to_string(conversion.tensors.size()) + " tensors, " + names +
                           (conversion.is_model_file ? " and a description: usable as MODEL" : ""));
  }
  if (!conversion.python.empty()) {
    lines.add("wrote",
              printable(conversion.python) + ": " + conversion.network + " in PyTorch; load() returns it with its weights");
  }
}

}  // namespace

std::string conversion_text(const Conversion& conversion) {
  TextLines lines(/*label_width=*/8);
  const std::string prefix = conversion.prefix.empty() ? "" : ", prefix '" + printable(conversion.prefix) + "' removed";
  lines.add("read", printable(conversion.in) + ": " + std::to_string(conversion.tensors_in) + " tensors of " +
                        grouped_digits(conversion.values_in) + " values" + prefix);
  if (!conversion.network.empty()) {
    const std::string whose = conversion.names_in == kOwnNames ? "the network's own" : conversion.names_in + "'s";
    lines.add("names", whose + ", for " + conversion.network);
  }
  add_fit(lines, conversion.report);
  if (!conversion.report.fits()) return lines.text();
  if (conversion.out.empty() && conversion.python.empty()) add_tensors(lines, conversion.tensors);
  add_assumed(lines, conversion.assumed);
  add_written(lines, conversion);
  return lines.text();
}

}  // namespace fovea
