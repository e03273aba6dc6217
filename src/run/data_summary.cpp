#include <algorithm>
#include <cstddef>

#include <fovea/base/number_text.h>
#include <fovea/base/utf8.h>
#include <fovea/options/names.h>
#include <fovea/run/data_summary.h>

namespace fovea {
namespace {

/// Classes that have images in the first split, by their numbers.
std::vector<std::size_t> present_classes(const DataSummary& summary) {
  std::vector<std::size_t> present;
  for (std::size_t i = 0; i < summary.images_per_class.size(); ++i) {
    if (summary.images_per_class[i] > 0) present.push_back(i);
  }
  return present;
}

/// "left 32, right 32", or for many "Abyssinian to Yorkshire, 88 (beagle) to 100 (Bombay) each".
std::string class_text(const DataSummary& summary, const std::vector<std::size_t>& present) {
  constexpr std::size_t kMostNamed = 6;
  const auto name = [&](std::size_t label) { return displayable_utf8(summary.classes[label]); };
  const auto count = [&](std::size_t label) { return grouped_digits(summary.images_per_class[label]); };
  std::string text;
  if (present.size() <= kMostNamed) {
    for (const std::size_t label : present) text += (text.empty() ? "" : ", ") + name(label) + " " + count(label);
    return text;
  }
  const auto [fewest, most] = std::minmax_element(present.begin(), present.end(), [&](std::size_t a, std::size_t b) {
    return summary.images_per_class[a] < summary.images_per_class[b];
  });
  text = name(present.front()) + " to " + name(present.back()) + ", ";
  if (summary.images_per_class[*fewest] == summary.images_per_class[*most]) return text + count(*most) + " each";
  return text + count(*fewest) + " (" + name(*fewest) + ") to " + count(*most) + " (" + name(*most) + ") each";
}

}  // namespace

std::string describe(const DataSummary& summary) {
  const std::vector<std::size_t> present = present_classes(summary);
  const auto classes = std::ssize(summary.classes);
  std::string text = summary.name + ", ";
  if (std::ssize(present) != classes) text += grouped_digits(std::ssize(present)) + " of ";
  text += grouped_digits(classes) + (classes == 1 ? " class" : " classes");
  if (!present.empty()) text += " (" + class_text(summary, present) + " in " + to_string(summary.splits.front().first) + ")";
  std::vector<std::string> splits;
  for (const auto& [split, images] : summary.splits) {
    const std::string unit = !splits.empty() ? "" : images == 1 ? " image" : " images";
    splits.push_back(grouped_digits(images) + unit + " in " + to_string(split));
  }
  text += ", " + join_names(splits);
  return summary.skipped.empty() ? text : text + "; skipped: " + describe(summary.skipped);
}

Json to_json(const DataSummary& summary) {
  Json splits = Json::object();
  for (const auto& [split, images] : summary.splits) splits[to_string(split)] = images;
  Json skipped = Json::object();
  for (const auto& [kind, count] : summary.skipped) skipped[kind] = count;
  return {{"name", summary.name},
          {"classes", std::ssize(summary.classes)},
          {"images", splits},
          {"images_per_class", summary.images_per_class},
          {"skipped", skipped}};
}

}  // namespace fovea
