#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fovea/config/fields.h>

namespace fovea {

/// One field of some options, set to another of its legal values.
struct OptionChange {
  std::string field;       ///< "group.name" inside groups
  std::size_t number = 0;  ///< which of the field's other values
};

/// Applies a change while it visits the fields; changed() is true when the field has that value.
class OptionChanger final : public FieldVisitor {
 public:
  explicit OptionChanger(OptionChange change) : change_(std::move(change)) {}
  bool changed() const { return changed_; }

  void boolean(const char* name, bool& value, FieldHelp) override { set(name, value, {!value}); }

  void integer(const char* name, std::int64_t& value, IntegerRange range, FieldHelp) override {
    std::vector<std::int64_t> others;
    for (const std::int64_t other :
         {value + 1, value + 2, value + 4, value / 2, 2 * value, value - 1, std::int64_t{0}, std::int64_t{8}}) {
      if (other != value && other >= range.minimum && other <= range.maximum) others.push_back(other);
    }
    set(name, value, others);
  }

  void real(const char* name, double& value, RealRange range, FieldHelp) override {
    set(name, value, others_in(value, range));
  }

  void text(const char* name, std::string& value, FieldHelp) override { set(name, value, {}); }

  void optional_real(const char* name, std::optional<double>& value, RealRange range, FieldHelp) override {
    std::vector<std::optional<double>> others;
    if (value) others.emplace_back(std::nullopt);
    for (const double other : others_in(value.value_or(0.0), range)) others.emplace_back(other);
    set(name, value, others);
  }

  void integers(const char* name, std::vector<std::int64_t>& value, IntegerRange range, IntegerRange count,
                FieldHelp) override {
    std::vector<std::vector<std::int64_t>> others;
    for (const std::int64_t shift : {1, 2, -1, -2}) {
      auto other = value;
      bool fits = !other.empty();
      for (std::int64_t& entry : other) {
        entry += shift;
        fits = fits && entry >= range.minimum && entry <= range.maximum;
      }
      if (fits) others.push_back(other);
    }
    auto longer = value;
    longer.push_back(value.empty() ? range.minimum : value.back());
    if (static_cast<std::int64_t>(longer.size()) <= count.maximum) others.push_back(longer);
    set(name, value, others);
  }

  void reals(const char* name, std::vector<double>& value, RealRange, IntegerRange, FieldHelp) override {
    set(name, value, {});
  }

  void texts(const char* name, std::vector<std::string>& value, FieldHelp) override {
    std::vector<std::vector<std::string>> others;  // which words are legal is not known, but any of the present ones are
    if (value.size() > 1) others = {{value.begin(), value.end() - 1}, {value.begin() + 1, value.end()}};
    set(name, value, others);
  }

  void group(const char* name, Options& options, FieldHelp) override {
    const std::string outside = prefix_;
    prefix_ += std::string(name) + ".";
    options.visit_fields(*this);
    prefix_ = outside;
  }

  void custom(const char*, CustomField&, FieldHelp) override {}

 protected:
  void word(const char* name, std::int64_t& value, const std::vector<ChoiceWord>& words, FieldHelp) override {
    std::vector<std::int64_t> others;
    for (const ChoiceWord& word : words) {
      if (word.value != value) others.push_back(word.value);
    }
    set(name, value, others);
  }

 private:
  static std::vector<double> others_in(double value, RealRange range) {
    std::vector<double> others;
    for (const double other : {2 * value, value / 2, value / 8, value + 0.25, value + 1, 0.5, 1.0}) {
      const bool above = range.minimum_open ? other > range.minimum : other >= range.minimum;
      const bool below = range.maximum_open ? other < range.maximum : other <= range.maximum;
      if (other != value && above && below) others.push_back(other);
    }
    return others;
  }

  template <typename T>
  void set(const char* name, T& value, const std::vector<T>& others) {
    if (prefix_ + name != change_.field || change_.number >= others.size()) return;
    value = others[change_.number];
    changed_ = true;
  }

  OptionChange change_;
  std::string prefix_;
  bool changed_ = false;
};

/// Every change of one field of the options that `make` gives.
inline std::vector<OptionChange> all_option_changes(const std::function<std::unique_ptr<Options>()>& make) {
  std::vector<OptionChange> changes;
  for (const FieldDescription& field : describe_fields(*make())) {
    for (OptionChange change{field.name, 0};; ++change.number) {
      OptionChanger changer(change);
      make()->visit_fields(changer);
      if (!changer.changed()) break;
      changes.push_back(change);
    }
  }
  return changes;
}

}  // namespace fovea
