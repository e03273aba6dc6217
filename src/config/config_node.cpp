#include <charconv>
#include <set>
#include <system_error>
#include <utility>

#include <yaml-cpp/yaml.h>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/config/config_node.h>

namespace fovea {
namespace {

constexpr int kMaximumDepth = 64;
constexpr int kMaximumNodes = 100'000;  // nested anchors could expand without bound

/// Converts yaml-cpp's tree and rejects what yaml-cpp accepts: duplicate keys, cycles, anchors that expand exponentially.
class Converter {
 public:
  explicit Converter(std::string source) : source_(std::move(source)) {}

  ConfigNode convert(const YAML::Node& node, int depth) {
    ConfigNode value;
    value.origin = origin(node.Mark());
    if (depth > kMaximumDepth)
      throw InputError(value.origin, "at most 64 nested levels", "more (or an anchor inside itself)");
    if (++nodes_ > kMaximumNodes) throw InputError(value.origin, "at most 100000 values", "more");
    if (node.IsScalar()) {
      value.kind = ConfigNode::Kind::scalar;
      value.scalar = node.Scalar();
    } else if (node.IsSequence()) {
      value.kind = ConfigNode::Kind::list;
      for (const YAML::Node& item : node) value.list.push_back(convert(item, depth + 1));
    } else if (node.IsMap()) {
      value.kind = ConfigNode::Kind::map;
      std::set<std::string> keys;
      for (const auto& pair : node) add_entry(value, keys, pair.first, pair.second, depth);
    }
    return value;
  }

  std::string origin(const YAML::Mark& mark) const {
    return mark.line < 0 ? source_ : source_ + ":" + std::to_string(mark.line + 1);
  }

 private:
  void add_entry(ConfigNode& map, std::set<std::string>& keys, const YAML::Node& key, const YAML::Node& node, int depth) {
    const std::string where = origin(key.Mark());
    if (!key.IsScalar()) throw InputError(where, "a word as key", key.IsNull() ? "null" : "a list or a map");
    if (!keys.insert(key.Scalar()).second) throw InputError(where, "every key once", "'" + key.Scalar() + "' again");
    ConfigNode entry = convert(node, depth + 1);
    entry.origin = where;  // an error about a value points at the line of its key
    map.map.push_back({key.Scalar(), std::move(entry)});
  }

  std::string source_;
  int nodes_ = 0;
};

/// Child of `parent` for one part of a dotted path; created in a map that lacks it.
ConfigNode& descend(ConfigNode& parent, const std::string& part, const std::string& origin) {
  if (parent.kind == ConfigNode::Kind::scalar) {  // the short form: `cbam` is `{name: cbam}`
    ConfigNode name = parent;
    parent.kind = ConfigNode::Kind::map;
    parent.scalar.clear();
    parent.from_short_form = true;
    parent.map.push_back({"name", std::move(name)});
  }
  if (parent.kind == ConfigNode::Kind::list) {
    std::size_t position = 0;
    const char* end = part.data() + part.size();
    const auto [rest, error] = std::from_chars(part.data(), end, position);
    if (error != std::errc() || rest != end || position >= parent.list.size()) {
      throw InputError(origin, "an index below " + std::to_string(parent.list.size()) + " in a list", "'" + part + "'");
    }
    return parent.list[position];
  }
  parent.kind = ConfigNode::Kind::map;
  if (ConfigNode* child = parent.find(part)) return *child;
  parent.map.push_back({part, {}});
  parent.map.back().value.origin = origin;
  return parent.map.back().value;
}

bool is_flat(const Json& list) {
  for (const Json& item : list) {
    if (item.is_structured()) return false;
  }
  return true;
}

/// True when YAML reads the plain word as a number, a boolean or null.
bool reads_as_another_type(const std::string& text) {
  const YAML::Node node(text);
  bool boolean = false;
  double real = 0;
  long long integer = 0;
  return text.empty() || YAML::IsNullString(text) || YAML::convert<bool>::decode(node, boolean) ||
         YAML::convert<double>::decode(node, real) || YAML::convert<long long>::decode(node, integer);
}

void emit_text(YAML::Emitter& yaml, const std::string& text) {
  if (reads_as_another_type(text)) yaml << YAML::DoubleQuoted;
  yaml << text;
}

void emit_yaml(YAML::Emitter& yaml, const Json& node) {
  if (node.is_object()) {
    yaml << YAML::BeginMap;
    for (const auto& [key, value] : node.items()) {
      yaml << YAML::Key;
      emit_text(yaml, key);
      yaml << YAML::Value;
      emit_yaml(yaml, value);
    }
    yaml << YAML::EndMap;
  } else if (node.is_array()) {
    if (is_flat(node)) yaml << YAML::Flow;
    yaml << YAML::BeginSeq;
    for (const Json& item : node) emit_yaml(yaml, item);
    yaml << YAML::EndSeq;
  } else if (node.is_string()) {
    emit_text(yaml, node.get<std::string>());
  } else if (node.is_null()) {
    yaml << YAML::Null;
  } else {
    yaml << node.dump();  // numbers and booleans as JSON writes them: the shortest text that reads back to the same value
  }
}

}  // namespace

const ConfigNode* ConfigNode::find(std::string_view key) const {
  for (const auto& [name, value] : map) {
    if (name == key) return &value;
  }
  return nullptr;
}

ConfigNode* ConfigNode::find(std::string_view key) {
  return const_cast<ConfigNode*>(std::as_const(*this).find(key));
}

std::string ConfigNode::describe() const {
  switch (kind) {
    case Kind::scalar:
      return "'" + scalar + "'";
    case Kind::list:
      return "a list";
    case Kind::map:
      return "a map";
    case Kind::null:
      break;
  }
  return "null";
}

ConfigNode parse_yaml(const std::string& text, const std::string& source) {
  Converter converter(source);
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1)
      throw InputError(source, "one YAML document", std::to_string(documents.size()), "split the file");
    return converter.convert(documents.empty() ? YAML::Node() : documents.front(), 0);
  } catch (const YAML::Exception& error) {
    throw InputError(converter.origin(error.mark), "valid YAML", error.msg);
  }
}

ConfigNode read_yaml_file(const std::string& path) {
  constexpr std::size_t kLargest = std::size_t{1} << 24;
  const auto bytes = read_file(path, kLargest);
  return parse_yaml(std::string(bytes.begin(), bytes.end()), path);
}

void apply_setting(ConfigNode& root, const std::string& setting) {
  const std::string origin = "setting " + setting;
  const auto equals = setting.find('=');
  if (equals == std::string::npos || equals == 0) throw InputError(origin, "KEY=VALUE", "'" + setting + "'");

  const std::string key = setting.substr(0, equals);
  ConfigNode* target = &root;
  for (std::size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1) {
    end = key.find('.', begin);
    const std::string part = key.substr(begin, end - begin);
    if (part.empty()) throw InputError(origin, "a dotted KEY without empty parts", "'" + key + "'");
    target = &descend(*target, part, origin);
  }
  *target = parse_yaml(setting.substr(equals + 1), origin);
  target->origin = origin;
}

std::string to_json_text(const Json& document) {
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_yaml(const Json& document) {
  YAML::Emitter yaml;
  emit_yaml(yaml, document);
  return std::string(yaml.c_str()) + "\n";
}

}  // namespace fovea
