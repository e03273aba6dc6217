#include <string>
#include <tuple>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/config/parse_json.h>
#include <fovea/data/decode_fields.h>
#include <fovea/options/check.h>
#include <fovea/weights/model_file.h>

namespace fovea {
namespace {

constexpr const char* kFormatKey = "fovea.format";
constexpr const char* kFormat = "1";
constexpr const char* kModelKey = "fovea.model";
constexpr const char* kClassesKey = "fovea.classes";
constexpr const char* kPreprocessKey = "fovea.preprocess";

struct InputFields {
  explicit InputFields(InputSpec& target) : spec(target) {}
  InputSpec& spec;

  void visit_fields(FieldVisitor& fields) {
    fields.integer("channels", spec.channels, {1, 1024}, "channels of the network input");
    fields.integer("height", spec.height, {1, 16384}, "rows of the network input");
    fields.integer("width", spec.width, {1, 16384}, "columns of the network input");
  }
};

const ConfigNode& member(const ConfigNode& map, const char* key, ConfigNode::Kind kind, const std::string& source) {
  const ConfigNode* value = map.find(key);
  if (value == nullptr || value->kind != kind) {
    throw InputError(source, std::string("the key '") + key + "' of a model description", value ? value->describe() : "none",
                     "the file is damaged");
  }
  return *value;
}

std::vector<std::string> class_names(const ConfigNode& list, const std::string& source) {
  std::vector<std::string> names;
  for (const ConfigNode& name : list.list) {
    if (name.kind != ConfigNode::Kind::scalar) {
      throw InputError(source, "a list of names", name.describe(), "the file is damaged");
    }
    names.push_back(name.scalar);
  }
  if (names.empty()) throw InputError(source, "at least one name", "none", "the file is damaged");
  return names;
}

/// @throws InputError when the network would read images that fill the memory: a small file can ask for any size.
void expect_possible_images(const ModelDescription& description, const std::string& source) {
  constexpr std::int64_t kMostValues = std::int64_t{1} << 26;  // 4096 x 4096 with four channels
  const InputSpec& input = description.input;
  const PreprocessOptions& preprocess = description.preprocess;
  const std::vector<std::int64_t>& sides = preprocess.crop.front() > 0 ? preprocess.crop : preprocess.resize;
  for (const auto& [section, height, width] :
       {std::tuple("input", input.height, input.width), {"preprocess", sides.front(), sides.back()}}) {
    if (input.channels * height * width <= kMostValues) continue;
    throw InputError(
        source + ": " + section, "images of at most " + std::to_string(kMostValues) + " values",
        std::to_string(height) + " x " + std::to_string(width) + " with " + std::to_string(input.channels) + " channels",
        "the file is damaged or was tampered with");
  }
}

/// The name of an entry of `model.attention`, which is a name itself or a map with one; empty for "none".
std::string mechanism_name(const ConfigNode& entry) {
  const ConfigNode* name = entry.kind == ConfigNode::Kind::map ? entry.find("name") : &entry;
  return name == nullptr || name->scalar == "none" ? "" : name->scalar;
}

}  // namespace

std::string attention_name(const ConfigNode& model) {
  const ConfigNode* attention = model.find("attention");
  if (attention == nullptr) return "";
  if (attention->kind != ConfigNode::Kind::list) return mechanism_name(*attention);
  std::string names;
  for (const ConfigNode& entry : attention->list) names += (names.empty() ? "" : " + ") + mechanism_name(entry);
  return names;
}

Json describe_model(const Json& model, const InputSpec& input, const std::vector<std::string>& classes,
                    PreprocessOptions preprocess, const DecodeOptions& decode) {
  InputSpec spec = input;
  InputFields fields(spec);
  expect_in_range(fields, "network input");
  Json description = {
      {"model", model}, {"input", write_fields(fields)}, {"classes", classes}, {"preprocess", write_fields(preprocess)}};
  DecodeFields decode_fields(decode);
  if (decode != DecodeOptions()) description["decode"] = write_fields(decode_fields);
  return description;
}

ModelDescription parse_description(const std::string& json, const std::string& source) {
  const ConfigNode root = parse_json(json, source);
  ModelDescription description;
  description.model = member(root, "model", ConfigNode::Kind::map, source);
  InputFields input(description.input);
  read_fields(input, member(root, "input", ConfigNode::Kind::map, source), "input");
  description.classes = class_names(member(root, "classes", ConfigNode::Kind::list, source), source + ": classes");
  description.input.num_classes = static_cast<std::int64_t>(description.classes.size());
  read_fields(description.preprocess, member(root, "preprocess", ConfigNode::Kind::map, source), "preprocess");
  if (const ConfigNode* decode = root.find("decode")) {
    DecodeFields fields;
    read_fields(fields, *decode, "decode");
    description.decode = fields.options(source + ": decode");
  }
  if (std::ssize(description.preprocess.mean) != description.input.channels) {
    throw InputError(source + ": preprocess.mean", std::to_string(description.input.channels) + " values, as input.channels",
                     std::to_string(description.preprocess.mean.size()), "the file is damaged");
  }
  expect_possible_images(description, source);
  return description;
}

void write_model_file(const std::string& path, const NamedTensors& weights, const Json& description) {
  write_checked_safetensors(path, weights, {{"format", "pt"}, {kFormatKey, kFormat}, {kModelKey, description.dump()}});
}

Metadata export_metadata(const Json& description) {
  return {{"format", "pt"},
          {kClassesKey, description.at("classes").dump()},
          {kPreprocessKey, description.at("preprocess").dump()}};
}

std::vector<std::string> exported_classes(const Metadata& metadata, const std::string& path) {
  const auto found = metadata.find(kClassesKey);
  if (found == metadata.end()) return {};
  const std::string source = path + ": " + kClassesKey;
  return class_names(parse_json(found->second, source), source);
}

bool has_description(const Metadata& metadata) {
  return metadata.contains(kModelKey);
}

ModelDescription read_description(const Metadata& metadata, const std::string& path) {
  const auto format = metadata.find(kFormatKey);
  const auto model = metadata.find(kModelKey);
  if (format == metadata.end() || model == metadata.end()) {
    throw InputError(path, "a model file written by fovea", "safetensors without fovea's description",
                     "give the name of the network or a configuration, and this file as its weights");
  }
  if (format->second != kFormat) {
    throw InputError(path + ": " + kFormatKey, kFormat, "'" + format->second + "'",
                     "the file comes from a later fovea: update this one");
  }
  return parse_description(model->second, path + ": " + kModelKey);
}

}  // namespace fovea
