#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fovea/base/error.h>

namespace fovea {

class FieldVisitor;

/// Options whose type is known only at run time: the rows of a registry make them, builders read them. The options
/// themselves are plain structs that name each field once, in a member function visit_fields(FieldVisitor&), with its range
/// and one sentence of help. Reading, checking, printing and listing are visitors of the same list, so they cannot drift
/// apart. A field's default is the value the member has after construction.
class Options {
 public:
  virtual ~Options() = default;
  virtual void visit_fields(FieldVisitor& fields) = 0;
};

/// A struct that names its fields, without being an Options itself.
template <typename T>
concept PlainOptions = !std::derived_from<T, Options> && requires(T & options, FieldVisitor& fields) {
  options.visit_fields(fields);
};

/// Reference to plain options, which must outlive it.
template <PlainOptions T>
class OptionsView final : public Options {
 public:
  explicit OptionsView(T& options) : options_(options) {}
  void visit_fields(FieldVisitor& fields) override { options_.visit_fields(fields); }

 private:
  T& options_;
};

/// Visits the fields of `options` but for those with a name in `hidden`.
void visit_fields_except(const std::vector<std::string>& hidden, Options& options, FieldVisitor& fields);

/// Owner of plain options.
template <PlainOptions T>
class OptionsOf final : public Options {
 public:
  /// @param fixed_fields names of fields that keep their values: visitors do not see them.
  explicit OptionsOf(T options = {}, std::vector<std::string> fixed_fields = {})
      : value(std::move(options)), fixed_fields_(std::move(fixed_fields)) {}
  void visit_fields(FieldVisitor& fields) override {
    OptionsView view(value);
    visit_fields_except(fixed_fields_, view, fields);
  }

  T value;

 private:
  std::vector<std::string> fixed_fields_;
};

/// The plain options in `options`. @throws Error when they are of another type.
template <PlainOptions T>
const T& options_cast(const Options& options) {
  const auto* held = dynamic_cast<const OptionsOf<T>*>(&options);
  if (held == nullptr)
    throw Error("options_cast: expected options of the builder's type, got another type; let make_options make that type");
  return held->value;
}

/// For rows of registries: makes options with their defaults.
template <PlainOptions T>
std::unique_ptr<Options> make_options() {
  return std::make_unique<OptionsOf<T>>();
}

}  // namespace fovea
