#include <algorithm>
#include <utility>

#include <fovea/options/fields.h>
#include <fovea/options/options.h>

namespace fovea {
namespace {

/// Passes the fields on to another visitor, but for some.
class VisibleFields final : public FieldVisitor {
 public:
  VisibleFields(const std::vector<std::string>& hidden, FieldVisitor& visitor) : hidden_(hidden), visitor_(visitor) {}

  void boolean(const char* name, bool& value, FieldHelp help) override {
    if (is_visible(name)) visitor_.boolean(name, value, help);
  }
  void integer(const char* name, std::int64_t& value, IntegerRange range, FieldHelp help) override {
    if (is_visible(name)) visitor_.integer(name, value, range, help);
  }
  void real(const char* name, double& value, RealRange range, FieldHelp help) override {
    if (is_visible(name)) visitor_.real(name, value, range, help);
  }
  void text(const char* name, std::string& value, FieldHelp help) override {
    if (is_visible(name)) visitor_.text(name, value, help);
  }
  void optional_real(const char* name, std::optional<double>& value, RealRange range, FieldHelp help) override {
    if (is_visible(name)) visitor_.optional_real(name, value, range, help);
  }
  void integers(const char* name, std::vector<std::int64_t>& value, IntegerRange range, IntegerRange count,
                FieldHelp help) override {
    if (is_visible(name)) visitor_.integers(name, value, range, count, help);
  }
  void reals(const char* name, std::vector<double>& value, RealRange range, IntegerRange count, FieldHelp help) override {
    if (is_visible(name)) visitor_.reals(name, value, range, count, help);
  }
  void texts(const char* name, std::vector<std::string>& value, FieldHelp help) override {
    if (is_visible(name)) visitor_.texts(name, value, help);
  }
  void group(const char* name, Options& options, FieldHelp help) override {
    if (is_visible(name)) visitor_.group(name, options, help);
  }
  void custom(const char* name, CustomField& field, FieldHelp help) override {
    if (is_visible(name)) visitor_.custom(name, field, help);
  }
  void word(const char* name, std::int64_t& value, const std::vector<ChoiceWord>& words, FieldHelp help) override {
    if (is_visible(name)) visitor_.word(name, value, words, help);
  }

 private:
  bool is_visible(const char* name) const { return std::find(hidden_.begin(), hidden_.end(), name) == hidden_.end(); }

  const std::vector<std::string>& hidden_;
  FieldVisitor& visitor_;
};

}  // namespace

void visit_fields_except(const std::vector<std::string>& hidden, Options& options, FieldVisitor& fields) {
  if (hidden.empty()) return options.visit_fields(fields);
  VisibleFields visible(hidden, fields);
  options.visit_fields(visible);
}

}  // namespace fovea
