#include <algorithm>

#include <fovea/models/parameter_free_choice.h>

namespace fovea {
namespace {

std::string choice_text(const Json& value) {
  if (value.is_null()) return "none";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

std::vector<AssumedChoice> assumed_choices(const std::vector<ParameterFreeChoice>& choices, const Json& model) {
  std::vector<AssumedChoice> assumed;
  for (const ParameterFreeChoice& choice : choices) {
    if (choice.option.empty()) {
      assumed.push_back({choice.about, choice.value, {}, {}, {}});
      continue;
    }
    const Json& value = model.at(choice.option);
    AssumedChoice made{choice.about, choice_text(value), {}, "model." + choice.option, {}};
    const auto is_made = [&](const auto& word) { return word.first == made.value; };
    const auto word = std::find_if(choice.words.begin(), choice.words.end(), is_made);
    if (word == choice.words.end() && !value.is_number()) continue;
    if (word != choice.words.end()) made.meaning = word->second;
    for (const auto& [other, meaning] : choice.words) {
      if (other != made.value) made.others.push_back(other);
    }
    assumed.push_back(std::move(made));
  }
  return assumed;
}

}  // namespace fovea
