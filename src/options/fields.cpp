#include <algorithm>

#include <fovea/options/fields.h>
#include <fovea/options/names.h>

namespace fovea {

const ChoiceWord* find_word(const std::vector<ChoiceWord>& words, std::int64_t value) {
  const auto found = std::find_if(words.begin(), words.end(), [&](const ChoiceWord& word) { return word.value == value; });
  return found != words.end() ? &*found : nullptr;
}

std::string join_words(const std::vector<ChoiceWord>& words) {
  std::vector<std::string> names;
  names.reserve(words.size());
  for (const ChoiceWord& word : words) names.emplace_back(word.name);
  return join_names(names);
}

}  // namespace fovea
