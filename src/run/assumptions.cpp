#include <algorithm>

#include <fovea/base/number_text.h>
#include <fovea/options/names.h>
#include <fovea/run/assumptions.h>

namespace fovea {
namespace {

std::string number_list_text(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : " ") + number_text(value);
  return text;
}

}  // namespace

AssumedChoice assumed_input(const PreprocessOptions& preprocess) {
  constexpr std::size_t kColours = 3;
  const std::string colours = preprocess.channel_order == ChannelOrder::bgr ? "BGR, " : "RGB, ";
  const std::string order = preprocess.mean.size() == kColours ? colours : "";
  return {.about = "input",
          .value = order + "mean " + number_list_text(preprocess.mean) + ", std " +
                   number_list_text(preprocess.standard_deviation),
          .meaning = "of values from 0 to 1",
          .key = "preprocess.channel_order, preprocess.mean and preprocess.std",
          .others = {}};
}

AssumedChoice assumed_classes(const std::vector<std::string>& classes, const std::string& origin) {
  const bool is_one = classes.size() == 1;
  return {.about = "class order",
          .value = classes.empty() ? "none" : classes.front() + (is_one ? "" : " to " + classes.back()),
          .meaning = origin,
          .key = "classes",
          .others = {}};
}

std::string assumption_note(const std::string& file, const std::string& network, const std::vector<AssumedChoice>& assumed) {
  std::vector<std::string> choices;
  for (const AssumedChoice& choice : assumed) {
    if (choice.key.empty()) continue;
    std::string others;
    for (const std::string& other : choice.others) others += ", or " + other;
    choices.push_back(choice.about + " (" + choice.value + others + ")");
  }
  if (choices.empty()) return "";
  return file + ": the file cannot tell " + join_names(choices) + "; assumed for " + network;
}

Json to_json(const AssumedChoice& choice) {
  const auto or_null = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
  return {{"about", choice.about},
          {"value", choice.value},
          {"meaning", or_null(choice.meaning)},
          {"key", or_null(choice.key)},
          {"others", choice.others}};
}

}  // namespace fovea
