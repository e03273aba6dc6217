#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/base/utf8.h>
#include <fovea/config/config_node.h>
#include <fovea/config/internal/config_node_builder.h>
#include <fovea/config/parse_json.h>

namespace fovea {
namespace {

constexpr std::size_t kMaximumYamlBytes = std::size_t{1} << 20;  // yaml-cpp may need 250 times as much memory
constexpr std::size_t kQuotedBytes = 40;

std::string quoted(const std::string& text) {
  return "'" + std::string(truncated_utf8(text, kQuotedBytes)) + (text.size() > kQuotedBytes ? "...'" : "'");
}

/// A fault as yaml-cpp words it, what it most often is, and what to do.
struct YamlFault {
  const char* message;
  const char* got;
  const char* advice;
};

const std::array kYamlFaults{
    // the parser's messages are no constant expressions
    YamlFault{YAML::ErrorMsg::MAP_VALUE, "a ':' where no value may follow",
              "write 'key: value', indent the keys of one map alike with spaces, and put a text with ': ' in quotes"},
    YamlFault{YAML::ErrorMsg::END_OF_MAP, "a line that is no part of the map above it", "indent the keys of one map alike"},
    YamlFault{YAML::ErrorMsg::BLOCK_ENTRY, "a '- ' where no list may begin", "begin the list on a line of its own"},
    YamlFault{YAML::ErrorMsg::END_OF_MAP_FLOW, "a map without its '}'", "add the '}'"},
    YamlFault{YAML::ErrorMsg::END_OF_SEQ_FLOW, "a list without its ']'", "add the ']'"},
    YamlFault{YAML::ErrorMsg::FLOW_END, "a ']' or '}' without its '[' or '{'", "remove it, or put the text in quotes"},
    YamlFault{YAML::ErrorMsg::UNKNOWN_TOKEN, "a character that begins no value",
              "put a text with such characters in quotes"},
    YamlFault{YAML::ErrorMsg::UNKNOWN_ANCHOR, "an alias of an anchor that is not above it", "define the anchor first"},
};

[[noreturn]] void throw_invalid_yaml(const std::string& origin, const std::string& message) {
  const auto* const known = std::find_if(kYamlFaults.begin(), kYamlFaults.end(),
                                         [&](const YamlFault& fault) { return message.starts_with(fault.message); });
  if (known == kYamlFaults.end()) {
    throw InputError(origin, "valid YAML", "other text", "put a text with special characters in quotes");
  }
  throw InputError(origin, "valid YAML", known->got, known->advice);
}

/// Events of yaml-cpp's parser, whose trees are neither limited in size nor free of cycles and duplicate keys.
class YamlEvents final : public YAML::EventHandler {
 public:
  YamlEvents(const std::string& text, ConfigNodeBuilder& builder) : text_(text), builder_(builder) {}

  /// The parser begins a document at whatever follows one, and at a comma again and again.
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    const auto position = static_cast<std::size_t>(mark.pos);
    const std::string rest = position < text_.size() ? text_.substr(position) : "";
    if (rest.starts_with("---")) {
      throw InputError(builder_.origin(mark.line + 1), "one YAML document", "a second one", "split the text");
    }
    throw InputError(builder_.origin(mark.line + 1), "valid YAML",
                     "an unexpected " + quoted(rest.substr(0, rest.find_first_of(" \t\r\n"))),
                     "put a text with such characters in quotes");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { builder_.add_null(mark.line + 1, anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override { builder_.add_alias(anchor, mark.line + 1); }
  void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                const std::string& value) override {
    builder_.add_scalar(value, mark.line + 1, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    builder_.begin_list(mark.line + 1, anchor);
  }
  void OnSequenceEnd() override { builder_.end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    builder_.begin_map(mark.line + 1, anchor);
  }
  void OnMapEnd() override { builder_.end(); }

 private:
  const std::string& text_;
  ConfigNodeBuilder& builder_;
  int documents_ = 0;
};

/// Events of the JSON parser.
class JsonEvents final : public nlohmann::json_sax<Json> {
 public:
  JsonEvents(std::string source, ConfigNodeBuilder& builder) : source_(std::move(source)), builder_(builder) {}

  bool null() override {
    return add([&] { builder_.add_null(0); });
  }
  bool boolean(bool value) override { return add_text(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return add_text(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return add_text(std::to_string(value)); }
  bool number_float(number_float_t /*value*/, const string_t& text) override { return add_text(text); }
  bool string(string_t& text) override { return add_text(text); }
  bool binary(binary_t& /*bytes*/) override { return false; }  // is not JSON
  bool start_object(std::size_t /*size*/) override {
    return add([&] { builder_.begin_map(0); });
  }
  bool key(string_t& text) override { return add_text(text); }
  bool end_object() override {
    return add([&] { builder_.end(); });
  }
  bool start_array(std::size_t /*size*/) override {
    return add([&] { builder_.begin_list(0); });
  }
  bool end_array() override {
    return add([&] { builder_.end(); });
  }
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception& /*error*/) override {
    throw InputError(source_ + ": byte " + std::to_string(position), "valid JSON",
                     token.empty() ? "its end" : "an unexpected " + quoted(token));
  }

 private:
  template <typename Add>
  static bool add(const Add& event) {
    event();
    return true;
  }
  bool add_text(const std::string& text) {
    return add([&] { builder_.add_scalar(text, 0); });
  }

  std::string source_;
  ConfigNodeBuilder& builder_;
};

}  // namespace

ConfigNode parse_yaml(const std::string& text, const std::string& source) {
  if (text.size() > kMaximumYamlBytes) {
    throw InputError(source, "at most 1 MiB of YAML", std::to_string(text.size()) + " bytes",
                     "check that it is the right file");
  }
  ConfigNodeBuilder builder(source);
  YamlEvents events(text, builder);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(events)) {  // the second one is an error of the events
    }
  } catch (const YAML::Exception& error) {
    throw_invalid_yaml(builder.origin(error.mark.line + 1), error.msg);
  }
  return builder.take();
}

ConfigNode parse_json(const std::string& text, const std::string& source) {
  ConfigNodeBuilder builder(source);
  JsonEvents events(source, builder);
  Json::sax_parse(text, &events);
  return builder.take();
}

ConfigNode read_yaml_file(const std::string& path) {
  const auto bytes = read_file(path, kMaximumYamlBytes);
  return parse_yaml(std::string(bytes.begin(), bytes.end()), path);
}

}  // namespace fovea
