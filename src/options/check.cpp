#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

std::string text_of(std::int64_t value) {
  return std::to_string(value);
}

std::string text_of(double value) {
  return number_text(value);
}

/// Checks values against the ranges of their fields.
class RangeChecker final : public FieldVisitor {
 public:
  explicit RangeChecker(std::string where) : where_(std::move(where)) {}

  void boolean(const char*, bool&, FieldHelp) override {}
  void integer(const char* name, std::int64_t& value, IntegerRange range, FieldHelp) override {
    expect(contains(range, value), name, describe(range), value);
  }
  void real(const char* name, double& value, RealRange range, FieldHelp) override {
    expect(contains(range, value), name, describe(range), value);
  }
  void text(const char*, std::string&, FieldHelp) override {}
  void optional_real(const char* name, std::optional<double>& value, RealRange range, FieldHelp) override {
    if (value) expect(contains(range, *value), name, describe(range) + " or none", *value);
  }
  void integers(const char* name, std::vector<std::int64_t>& value, IntegerRange range, IntegerRange count,
                FieldHelp) override {
    expect_each(name, value, range, count);
  }
  void reals(const char* name, std::vector<double>& value, RealRange range, IntegerRange count, FieldHelp) override {
    expect_each(name, value, range, count);
  }
  void texts(const char*, std::vector<std::string>&, FieldHelp) override {}
  void group(const char* name, Options& options, FieldHelp) override { expect_in_range(options, where_ + ": " + name); }
  void custom(const char*, CustomField&, FieldHelp) override {}  // checks itself when it is read

 protected:
  void word(const char* name, std::int64_t& value, const std::vector<ChoiceWord>& words, FieldHelp) override {
    expect(find_word(words, value) != nullptr, name, "one of " + join_words(words), value);
  }

 private:
  template <typename Number>
  void expect(bool in_range, const char* name, const std::string& expected, Number value) const {
    if (!in_range) throw InputError(where_ + ": " + name, expected, text_of(value));
  }

  template <typename Number, typename Range>
  void expect_each(const char* name, const std::vector<Number>& values, Range range, IntegerRange count) const {
    const std::string expected = describe_list(describe(range), count);
    if (!contains(count, std::ssize(values))) {
      throw InputError(where_ + ": " + name, expected, std::to_string(values.size()) + " values");
    }
    for (const Number value : values) expect(contains(range, value), name, expected, value);
  }

  std::string where_;
};

}  // namespace

std::int64_t expect_positive(std::int64_t value, const std::string& where) {
  if (contains(kPositiveInteger, value)) return value;
  throw InputError(where, describe(kPositiveInteger), std::to_string(value));
}

double expect_in_range(double value, RealRange range, const std::string& where) {
  if (contains(range, value)) return value;
  throw InputError(where, describe(range), text_of(value));
}

void expect_in_range(Options& options, const std::string& where) {
  RangeChecker checker(where);
  options.visit_fields(checker);
}

}  // namespace fovea
