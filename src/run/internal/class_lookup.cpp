#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <optional>
#include <unordered_map>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/base/unicode_form.h>
#include <fovea/datasets/imagenet_classes.h>
#include <fovea/datasets/imagenet_wordnet.h>
#include <fovea/options/names.h>
#include <fovea/run/internal/class_lookup.h>

namespace fovea {
namespace {

/// A name for comparison: in composed form and lower case, with spaces in place of '_' and '-'.
std::string folded(const std::string& name) {
  std::string text = composed_form(name);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return c == '_' || c == '-' ? ' ' : static_cast<char>(std::tolower(c)); });
  return text;
}

using Labels = std::vector<std::int64_t>;

/// Classes whose folded name satisfies a condition.
template <typename Condition>
Labels labels_where(const std::vector<std::string>& folded_names, const Condition& condition) {
  Labels labels;
  for (std::size_t i = 0; i < folded_names.size(); ++i) {
    if (condition(folded_names[i])) labels.push_back(static_cast<std::int64_t>(i));
  }
  return labels;
}

bool is_word_in(const std::string& name, const std::string& word) {
  const auto is_letter = [&](std::size_t i) {
    const auto c = static_cast<unsigned char>(name[i]);
    return std::isalnum(c) != 0 || c > 127;
  };
  for (std::size_t at = name.find(word); at != std::string::npos; at = name.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_letter(at - 1)) && (end == name.size() || !is_letter(end))) return true;
  }
  return false;
}

[[noreturn]] void throw_ambiguous(const std::string& text, const Labels& labels, const std::vector<std::string>& classes) {
  constexpr std::size_t kMostNamed = 10;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(kMostNamed, labels.size()); ++i) {
    names.push_back("'" + classes[static_cast<std::size_t>(labels[i])] + "' (" + std::to_string(labels[i]) + ")");
  }
  if (labels.size() > kMostNamed) names.push_back(std::to_string(labels.size() - kMostNamed) + " more");
  throw InputError("class", "one class",
                   "'" + text + "', which is a part of " + grouped_digits(std::ssize(labels)) + ": " + join_names(names),
                   "choose one of them");
}

/// A class of ImageNet by its WordNet ID: under its name, or, in a model whose classes are IDs, the other way round.
std::optional<std::string> wordnet_synonym(const std::string& name) {
  if (const auto label = imagenet_class_of(name)) return imagenet_classes()[static_cast<std::size_t>(*label)];
  const std::vector<std::string>& names = imagenet_classes();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return imagenet_wordnet_id(found - names.begin());
}

std::optional<std::int64_t> find_exact(const std::string& text, const std::vector<std::string>& classes) {
  const auto position = [&](const std::string& name) -> std::optional<std::int64_t> {
    const auto found = std::find(classes.begin(), classes.end(), name);
    return found == classes.end() ? std::nullopt : std::optional(found - classes.begin());
  };
  if (const auto label = position(text)) return label;
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 0 && number < std::ssize(classes)) return number;
  const auto synonym = wordnet_synonym(text);
  return synonym ? position(*synonym) : std::nullopt;
}

}  // namespace

std::int64_t find_class(const std::string& text, const std::vector<std::string>& classes) {
  if (const auto label = find_exact(text, classes)) return *label;
  std::vector<std::string> names;
  for (const std::string& name : classes) names.push_back(folded(name));
  const std::string wanted = folded(text);
  const Labels equal = labels_where(names, [&](const std::string& name) { return name == wanted; });
  const Labels words = labels_where(names, [&](const std::string& name) { return is_word_in(name, wanted); });
  const Labels parts = labels_where(names, [&](const std::string& name) { return name.find(wanted) != std::string::npos; });
  for (const Labels& labels : {equal, words, parts}) {
    if (labels.empty() || wanted.empty()) continue;
    if (labels.size() == 1) return labels.front();
    throw_ambiguous(text, labels, classes);
  }
  const std::string nearest = nearest_name(text, classes);
  throw InputError("class", "one of the model's classes, or its number below " + std::to_string(classes.size()),
                   "'" + text + "'", nearest.empty() ? "--class list shows their names" : "did you mean '" + nearest + "'?");
}

std::vector<std::string> named_as_in_model(const std::vector<std::string>& names, const std::vector<std::string>& classes) {
  std::unordered_map<std::string, std::string> known;  // by composed form
  for (const std::string& name : classes) known.emplace(composed_form(name), name);
  const auto known_as = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = known.find(composed_form(name));
    return found == known.end() ? std::nullopt : std::optional(found->second);
  };
  std::vector<std::string> in_model;
  for (const std::string& name : names) {
    std::optional<std::string> match = known_as(name);
    if (!match) {
      if (const auto synonym = wordnet_synonym(name)) match = known_as(*synonym);
    }
    in_model.push_back(match.value_or(name));
  }
  return in_model;
}

}  // namespace fovea
