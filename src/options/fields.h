#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fovea/options/options.h>
#include <fovea/options/ranges.h>

namespace fovea {

class CustomField;

/// Effect of a field on the result of training.
enum class FieldRole {
  defines_result,   ///< another value gives another result
  names_data,       ///< likewise; chooses the data set
  hard_choices,     ///< likewise; exists for networks with hard choices alone
  splits_training,  ///< likewise; chooses training and validation images
  splits_data,      ///< likewise; chooses test images
  path,             ///< where files are: the same files elsewhere give the same result
  effort,           ///< how the result is computed, e.g. a number of threads; a run that is resumed may have another value
};

/// Help for a field, one sentence, and its role. Converts from the text alone.
struct FieldHelp {
  FieldHelp(const char* sentence, FieldRole field_role = FieldRole::defines_result) : text(sentence), role(field_role) {}

  const char* text;
  FieldRole role;
};

/// One word of a choice and the value it stands for, as a number.
struct ChoiceWord {
  std::string name;
  std::int64_t value = 0;
};

/// The word for a value; nullptr when no word stands for it.
const ChoiceWord* find_word(const std::vector<ChoiceWord>& words, std::int64_t value);

/// "a, b and c".
std::string join_words(const std::vector<ChoiceWord>& words);

/// Visits fields by name; the member is both the default (before) and the result (after).
class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;

  virtual void boolean(const char* name, bool& value, FieldHelp help) = 0;
  virtual void integer(const char* name, std::int64_t& value, IntegerRange range, FieldHelp help) = 0;
  virtual void real(const char* name, double& value, RealRange range, FieldHelp help) = 0;
  virtual void text(const char* name, std::string& value, FieldHelp help) = 0;
  /// `none` or a number.
  virtual void optional_real(const char* name, std::optional<double>& value, RealRange range, FieldHelp help) = 0;
  /// Between `count.minimum` and `count.maximum` numbers; a single scalar is a list of one.
  virtual void integers(const char* name, std::vector<std::int64_t>& value, IntegerRange range, IntegerRange count,
                        FieldHelp help) = 0;
  virtual void reals(const char* name, std::vector<double>& value, RealRange range, IntegerRange count, FieldHelp help) = 0;
  /// Any number of texts; a single one is a list of one.
  virtual void texts(const char* name, std::vector<std::string>& value, FieldHelp help) = 0;
  /// A set of fields under a name of its own.
  virtual void group(const char* name, Options& options, FieldHelp help) = 0;
  template <PlainOptions T>
  void group(const char* name, T& options, FieldHelp help) {
    OptionsView view(options);
    group(name, static_cast<Options&>(view), help);
  }
  virtual void custom(const char* name, CustomField& field, FieldHelp help) = 0;

  /// One of a few words, each standing for a value of the enumeration E. The value is written only when the visitor sets
  /// another, so that several threads may print the same options.
  template <typename E>
  void choice(const char* name, E& value, std::initializer_list<std::pair<const char*, E>> words, FieldHelp help) {
    std::vector<ChoiceWord> choices;
    for (const auto& [word, meaning] : words) choices.push_back({word, static_cast<std::int64_t>(meaning)});
    const auto before = static_cast<std::int64_t>(value);
    std::int64_t number = before;
    word(name, number, choices, help);
    if (number != before) value = static_cast<E>(number);
  }

  /// The same by the values of the words. @param value that of one of the words, or, in options that were set in C++, any
  /// other.
  virtual void word(const char* name, std::int64_t& value, const std::vector<ChoiceWord>& words, FieldHelp help) = 0;
};

}  // namespace fovea
