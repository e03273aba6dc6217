#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Sets the `number`-th of all values that are just out of a field's range.
class RangeBreaker final : public FieldVisitor {
 public:
  explicit RangeBreaker(std::size_t number) : left_(number) {}
  /// The field that was set; empty when there are not so many.
  const std::string& field() const { return field_; }

  void boolean(const char*, bool&, FieldHelp) override {}
  void integer(const char* name, std::int64_t& value, IntegerRange range, FieldHelp) override {
    set(name, value, outside(range));
  }
  void real(const char* name, double& value, RealRange range, FieldHelp) override { set(name, value, outside(range)); }
  void text(const char*, std::string&, FieldHelp) override {}
  void optional_real(const char* name, std::optional<double>& value, RealRange range, FieldHelp) override {
    std::vector<std::optional<double>> others;
    for (const double other : outside(range)) others.emplace_back(other);
    set(name, value, others);
  }
  void integers(const char* name, std::vector<std::int64_t>& value, IntegerRange range, IntegerRange count,
                FieldHelp) override {
    set(name, value, lists_outside(value, range, count));
  }
  void reals(const char* name, std::vector<double>& value, RealRange range, IntegerRange count, FieldHelp) override {
    set(name, value, lists_outside(value, range, count));
  }
  void texts(const char*, std::vector<std::string>&, FieldHelp) override {}
  void group(const char*, Options& options, FieldHelp) override { options.visit_fields(*this); }
  void custom(const char*, CustomField&, FieldHelp) override {}

 protected:
  void word(const char* name, std::int64_t& value, const std::vector<ChoiceWord>&, FieldHelp) override {
    set(name, value, {-1, 99});
  }

 private:
  static std::vector<std::int64_t> outside(IntegerRange range) {
    using Limits = std::numeric_limits<std::int64_t>;
    std::vector<std::int64_t> values;
    if (range.minimum > Limits::min()) values.insert(values.end(), {range.minimum - 1, Limits::min()});
    if (range.maximum < Limits::max()) values.insert(values.end(), {range.maximum + 1, Limits::max()});
    return values;
  }

  static std::vector<double> outside(RealRange range) {
    using Limits = std::numeric_limits<double>;
    std::vector<double> values{Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()};
    if (range.minimum > Limits::lowest()) {
      values.push_back(range.minimum_open ? range.minimum : std::nextafter(range.minimum, Limits::lowest()));
    }
    if (range.maximum < Limits::max()) {
      values.push_back(range.maximum_open ? range.maximum : std::nextafter(range.maximum, Limits::max()));
    }
    return values;
  }

  /// Lists with one entry out of its range, or too short or too long.
  template <typename Number, typename Range>
  static std::vector<std::vector<Number>> lists_outside(const std::vector<Number>& value, Range range, IntegerRange count) {
    std::vector<std::vector<Number>> lists;
    for (const Number other : outside(range)) {
      if (value.empty()) break;
      lists.push_back(value);
      lists.back().back() = other;
    }
    const Number entry = value.empty() ? static_cast<Number>(range.minimum) : value.front();
    constexpr std::int64_t kLongest = 1000;
    if (count.minimum > 0) lists.emplace_back(count.minimum - 1, entry);
    if (count.maximum < kLongest) lists.emplace_back(count.maximum + 1, entry);
    return lists;
  }

  template <typename T>
  void set(const char* name, T& value, const std::vector<T>& others) {
    if (!field_.empty()) return;
    if (left_ >= others.size()) {
      left_ -= others.size();
      return;
    }
    value = others[left_];
    field_ = name;
  }

  std::size_t left_;
  std::string field_;
};

/// The message of the InputError that building gives.
inline std::string input_error_of(const std::function<void()>& build) {
  try {
    build();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no InputError";
}

}  // namespace fovea
