#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/home_path.h>
#include <fovea/base/utf8.h>
#include <fovea/config/fields.h>
#include <fovea/config/internal/renamed_keys.h>

namespace fovea {
namespace {

/// "a.yaml:3: train.epochs"; either part may be empty.
std::string location_text(const std::string& origin, const std::string& path) {
  return origin + (origin.empty() || path.empty() ? "" : ": ") + path;
}

constexpr const char* kTexts = "a list of texts";

template <typename Number>
bool parse_number(const std::string& text, Number& number) {
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end && !text.empty();
}

std::string join_path(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

std::string renaming_advice(const std::string& name) {
  return "it is called '" + name + "' now";
}

/// Word of a choice. A value without a word, which only C++ can set, stays a number: reading it back is an error.
Json name_or_number(const std::vector<ChoiceWord>& words, std::int64_t value) {
  const ChoiceWord* word = find_word(words, value);
  return word != nullptr ? Json(word->name) : Json(value);
}

/// Reads fields from a map and records the known keys.
class FieldReader final : public FieldVisitor {
 public:
  FieldReader(const ConfigNode& map, std::string path) : map_(map), path_(std::move(path)) {
    if (map.kind != ConfigNode::Kind::map && map.kind != ConfigNode::Kind::null) {
      throw InputError(location_text(map.origin, path_), "a map of keys and values", map.describe());
    }
  }

  void boolean(const char* name, bool& value, FieldHelp) override {
    if (const ConfigNode* given = take(name)) {
      if (given->scalar == "true") {
        value = true;
      } else if (given->scalar == "false") {
        value = false;
      } else {
        fail(*given, name, "true or false");
      }
    }
  }

  void integer(const char* name, std::int64_t& value, IntegerRange range, FieldHelp) override {
    if (const ConfigNode* given = take(name)) value = to_integer(*given, name, range, describe(range));
  }

  void real(const char* name, double& value, RealRange range, FieldHelp) override {
    if (const ConfigNode* given = take(name)) value = to_real(*given, name, range, describe(range));
  }

  void text(const char* name, std::string& value, FieldHelp help) override {
    const bool is_path = help.role == FieldRole::path;
    if (const ConfigNode* given = take(name, /*accepts_none=*/!is_path)) {
      if (given->kind != ConfigNode::Kind::scalar) fail(*given, name, "text");
      value = utf8_text(*given, name);
      if (is_path) value = expanded_path(*given, name);
    }
  }

  void optional_real(const char* name, std::optional<double>& value, RealRange range, FieldHelp) override {
    if (const ConfigNode* given = take(name, /*accepts_none=*/true)) {
      if (given->scalar == "none") {
        value.reset();
      } else {
        value = to_real(*given, name, range, describe(range) + " or none");
      }
    }
  }

  void integers(const char* name, std::vector<std::int64_t>& value, IntegerRange range, IntegerRange count,
                FieldHelp) override {
    const std::string expected = describe_list(describe(range), count);
    read_list(name, value, count, expected, [&](const ConfigNode& item) { return to_integer(item, name, range, expected); });
  }

  void reals(const char* name, std::vector<double>& value, RealRange range, IntegerRange count, FieldHelp) override {
    const std::string expected = describe_list(describe(range), count);
    read_list(name, value, count, expected, [&](const ConfigNode& item) { return to_real(item, name, range, expected); });
  }

  void texts(const char* name, std::vector<std::string>& value, FieldHelp) override {
    read_list(name, value, kNonNegativeInteger, kTexts, [&](const ConfigNode& item) {
      if (item.kind != ConfigNode::Kind::scalar) fail(item, name, kTexts);
      return utf8_text(item, name);
    });
  }

  void group(const char* name, Options& options, FieldHelp) override {
    if (const ConfigNode* given = take(name)) read_fields(options, *given, join_path(path_, name));
  }

  void custom(const char* name, CustomField& field, FieldHelp) override {
    if (const ConfigNode* given = take(name, field.accepts_none())) field.read(*given, join_path(path_, name));
  }

  void accept(const std::vector<std::string>& names) { known_.insert(known_.end(), names.begin(), names.end()); }

  /// @throws InputError for the first unknown key.
  void finish() const {
    for (const auto& [key, value] : map_.map) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      throw InputError(location_text(value.origin, join_path(path_, key)) + ": unknown key; " + advice_on(key));
    }
  }

 protected:
  void word(const char* name, std::int64_t& value, const std::vector<ChoiceWord>& words, FieldHelp) override {
    std::vector<std::string> names;
    names.reserve(words.size());
    for (const ChoiceWord& word : words) names.emplace_back(word.name);
    const ConfigNode* given = take(name, /*accepts_none=*/std::find(names.begin(), names.end(), "none") != names.end());
    if (given == nullptr) return;
    value = words[selected_name(*given, join_path(path_, name), names)].value;
  }

 private:
  /// Value of a key; null when there is none, or when a setting removed it.
  const ConfigNode* take(const char* name, bool accepts_none = false) {
    known_.emplace_back(name);
    const ConfigNode* given = map_.find(name);
    if (given == nullptr || !given->removed) return given;
    return accepts_none && given->scalar == "none" ? given : nullptr;
  }

  std::string advice_on(const std::string& unknown_key) const {
    if (const std::string renamed = renamed_key(unknown_key, known_); !renamed.empty()) return renaming_advice(renamed);
    const std::string suggested = suggested_name(unknown_key, known_);
    return suggested.empty() ? "known here: " + join_names(known_) : "did you mean '" + suggested + "'?";
  }

  [[noreturn]] void fail(const ConfigNode& given, const std::string& name, const std::string& expected) const {
    throw InputError(location_text(given.origin, join_path(path_, name)), expected, given.describe());
  }

  /// Text that the JSON of a run can hold: the path of a file may have any bytes.
  const std::string& utf8_text(const ConfigNode& given, const char* name) const {
    if (is_utf8(given.scalar)) return given.scalar;
    throw InputError(location_text(given.origin, join_path(path_, name)), "text in UTF-8", given.describe(),
                     "give a file or folder of another name a link in UTF-8");
  }

  std::string expanded_path(const ConfigNode& given, const char* name) const {
    try {
      return expand_home(given.scalar);
    } catch (const InputError& error) {
      throw InputError(location_text(given.origin, join_path(path_, name)) + ": " + error.what());
    }
  }

  std::int64_t to_integer(const ConfigNode& given, const char* name, IntegerRange range, const std::string& expected) const {
    std::int64_t number = 0;
    if (!parse_number(given.scalar, number) || !contains(range, number)) fail(given, name, expected);
    return number;
  }

  double to_real(const ConfigNode& given, const char* name, RealRange range, const std::string& expected) const {
    double number = 0;
    if (!parse_number(given.scalar, number) || !contains(range, number)) fail(given, name, expected);
    return number;
  }

  template <typename Item, typename Convert>
  void read_list(const char* name, std::vector<Item>& value, IntegerRange count, const std::string& expected,
                 Convert convert) {
    const ConfigNode* given = take(name);
    if (given == nullptr) return;
    std::vector<Item> items;
    if (given->kind == ConfigNode::Kind::scalar) {
      items.push_back(convert(*given));
    } else if (given->kind == ConfigNode::Kind::list) {
      for (const ConfigNode& element : given->list) items.push_back(convert(element));
    } else {
      fail(*given, name, expected);
    }
    const auto length = static_cast<std::int64_t>(items.size());
    if (length < count.minimum || length > count.maximum) {
      throw InputError(location_text(given->origin, join_path(path_, name)), expected, std::to_string(length) + " values");
    }
    value = std::move(items);
  }

  const ConfigNode& map_;
  std::string path_;
  std::vector<std::string> known_;
};

/// Writes the current values to a JSON document.
class FieldWriter final : public FieldVisitor {
 public:
  Json document = Json::object();

  void boolean(const char* name, bool& value, FieldHelp) override { document[name] = value; }
  void integer(const char* name, std::int64_t& value, IntegerRange, FieldHelp) override { document[name] = value; }
  void real(const char* name, double& value, RealRange, FieldHelp) override { document[name] = value; }
  void text(const char* name, std::string& value, FieldHelp) override { document[name] = value; }
  void optional_real(const char* name, std::optional<double>& value, RealRange, FieldHelp) override {
    document[name] = value ? Json(*value) : Json("none");
  }
  void integers(const char* name, std::vector<std::int64_t>& value, IntegerRange, IntegerRange, FieldHelp) override {
    document[name] = value;
  }
  void reals(const char* name, std::vector<double>& value, RealRange, IntegerRange, FieldHelp) override {
    document[name] = value;
  }
  void texts(const char* name, std::vector<std::string>& value, FieldHelp) override { document[name] = value; }
  void group(const char* name, Options& options, FieldHelp) override { document[name] = write_fields(options); }
  void custom(const char* name, CustomField& field, FieldHelp) override { document[name] = field.write(); }

 protected:
  void word(const char* name, std::int64_t& value, const std::vector<ChoiceWord>& words, FieldHelp) override {
    document[name] = name_or_number(words, value);
  }
};

/// Describes every field, those of groups as "group.name".
class FieldLister final : public FieldVisitor {
 public:
  std::vector<FieldDescription> rows;

  explicit FieldLister(std::string prefix = "") : prefix_(std::move(prefix)) {}

  void boolean(const char* name, bool& value, FieldHelp help) override { add(name, value, "true or false", help); }
  void integer(const char* name, std::int64_t& value, IntegerRange range, FieldHelp help) override {
    add(name, value, describe(range), help);
  }
  void real(const char* name, double& value, RealRange range, FieldHelp help) override {
    add(name, value, describe(range), help);
  }
  void text(const char* name, std::string& value, FieldHelp help) override { add(name, value, "text", help); }
  void optional_real(const char* name, std::optional<double>& value, RealRange range, FieldHelp help) override {
    add(name, value ? Json(*value) : Json("none"), describe(range) + " or none", help);
  }
  void integers(const char* name, std::vector<std::int64_t>& value, IntegerRange range, IntegerRange count,
                FieldHelp help) override {
    add(name, value, describe_list(describe(range), count), help);
  }
  void reals(const char* name, std::vector<double>& value, RealRange range, IntegerRange count, FieldHelp help) override {
    add(name, value, describe_list(describe(range), count), help);
  }
  void texts(const char* name, std::vector<std::string>& value, FieldHelp help) override { add(name, value, kTexts, help); }
  void group(const char* name, Options& options, FieldHelp) override { add_nested(name, options); }
  void custom(const char* name, CustomField& field, FieldHelp help) override {
    add(name, field.write(), field.allowed(), help);
    rows.back().implementations = field.implementations();
    if (rows.back().implementations.empty()) add_nested(name, field);
  }

 protected:
  void word(const char* name, std::int64_t& value, const std::vector<ChoiceWord>& words, FieldHelp help) override {
    add(name, name_or_number(words, value), "one of " + join_words(words), help);
  }

 private:
  void add(const char* name, Json value, const std::string& allowed, FieldHelp help) {
    rows.push_back({prefix_ + name, std::move(value), allowed, help.text, help.role, {}});
  }

  template <typename Fields>
  void add_nested(const char* name, Fields& fields) {
    FieldLister nested(prefix_ + name + ".");
    fields.visit_fields(nested);
    std::move(nested.rows.begin(), nested.rows.end(), std::back_inserter(rows));
  }

  std::string prefix_;
};

/// Collects the roles of every field, also of those in fields with a notation of their own.
class RoleCollector final : public FieldVisitor {
 public:
  std::vector<RoleOfField> roles;

  explicit RoleCollector(std::string prefix = "") : prefix_(std::move(prefix)) {}

  void boolean(const char* name, bool&, FieldHelp help) override { add(name, help); }
  void integer(const char* name, std::int64_t&, IntegerRange, FieldHelp help) override { add(name, help); }
  void real(const char* name, double&, RealRange, FieldHelp help) override { add(name, help); }
  void text(const char* name, std::string&, FieldHelp help) override { add(name, help); }
  void optional_real(const char* name, std::optional<double>&, RealRange, FieldHelp help) override { add(name, help); }
  void integers(const char* name, std::vector<std::int64_t>&, IntegerRange, IntegerRange, FieldHelp help) override {
    add(name, help);
  }
  void reals(const char* name, std::vector<double>&, RealRange, IntegerRange, FieldHelp help) override { add(name, help); }
  void texts(const char* name, std::vector<std::string>&, FieldHelp help) override { add(name, help); }
  void group(const char* name, Options& options, FieldHelp help) override { add_with_fields(name, options, help); }
  void custom(const char* name, CustomField& field, FieldHelp help) override { add_with_fields(name, field, help); }

 protected:
  void word(const char* name, std::int64_t&, const std::vector<ChoiceWord>&, FieldHelp help) override { add(name, help); }

 private:
  void add(const char* name, FieldHelp help) { roles.push_back({prefix_ + name, help.role}); }

  template <typename Fields>
  void add_with_fields(const char* name, Fields& fields, FieldHelp help) {
    add(name, help);
    RoleCollector nested(prefix_ + name + ".");
    fields.visit_fields(nested);
    std::move(nested.roles.begin(), nested.roles.end(), std::back_inserter(roles));
  }

  std::string prefix_;
};

}  // namespace

void read_fields(Options& options, const ConfigNode& value, const std::string& path,
                 const std::vector<std::string>& also_known) {
  FieldReader reader(value, path);
  reader.accept(also_known);
  options.visit_fields(reader);
  reader.finish();
}

Json write_fields(Options& options) {
  FieldWriter writer;
  options.visit_fields(writer);
  return std::move(writer.document);
}

std::vector<FieldDescription> describe_fields(Options& options) {
  FieldLister lister;
  options.visit_fields(lister);
  return std::move(lister.rows);
}

Json to_json(const FieldDescription& field) {
  return {{"name", field.name}, {"default", field.value}, {"allowed", field.allowed}, {"help", field.help}};
}

std::vector<RoleOfField> field_roles(Options& options) {
  RoleCollector collector;
  options.visit_fields(collector);
  return std::move(collector.roles);
}

std::size_t selected_name(const ConfigNode& given, const std::string& path, const std::vector<std::string>& names) {
  const auto found = std::find(names.begin(), names.end(), given.scalar);
  if (given.kind == ConfigNode::Kind::scalar && found != names.end()) return static_cast<std::size_t>(found - names.begin());
  std::string advice;
  if (given.kind == ConfigNode::Kind::scalar) {
    if (const std::string renamed = renamed_key(given.scalar, names); !renamed.empty()) {
      advice = renaming_advice(renamed);
    } else if (const std::string suggested = suggested_name(given.scalar, names); !suggested.empty()) {
      advice = "did you mean '" + suggested + "'?";
    }
  }
  throw InputError(location_text(given.origin, path), "one of " + join_names(names), given.describe(), advice);
}

SectionName section_name(const ConfigNode& section, const std::string& path) {
  if (section.kind == ConfigNode::Kind::scalar) return {section.scalar, location_text(section.origin, path), false};
  const std::string key = join_path(path, "name");
  if (section.kind != ConfigNode::Kind::map)
    throw InputError(location_text(section.origin, path), "a name or a map", section.describe());
  const ConfigNode* name = section.find("name");
  if (name == nullptr) throw InputError(location_text(section.origin, key), "a name", "none", "add the key '" + key + "'");
  if (name->kind != ConfigNode::Kind::scalar) throw InputError(location_text(name->origin, key), "a name", name->describe());
  return {name->scalar, location_text(name->origin, key), true};
}

}  // namespace fovea
