#include <filesystem>

#include <fovea/run/internal/model_title.h>

namespace fovea {
namespace {

namespace fs = std::filesystem;

/// Name of the run's folder, or of the file without its extension; empty for a registry name.
std::string source_name(const ModelSource& source) {
  const fs::path path = fs::path(source.directory.empty() ? source.name : source.directory).lexically_normal();
  if (!source.directory.empty()) return (path.has_filename() ? path.filename() : path.parent_path().filename()).string();
  return path.stem().string();
}

/// The name of an entry of `model.attention`, which is a name itself or a map with one; empty for "none".
std::string mechanism_name(const ConfigNode& entry) {
  const ConfigNode* name = entry.kind == ConfigNode::Kind::map ? entry.find("name") : &entry;
  return name == nullptr || name->scalar == "none" ? "" : name->scalar;
}

/// "cbam", "se + bahdanau", or empty.
std::string attention_name(const ConfigNode& model) {
  const ConfigNode* attention = model.find("attention");
  if (attention == nullptr) return "";
  if (attention->kind != ConfigNode::Kind::list) return mechanism_name(*attention);
  std::string names;
  for (const ConfigNode& entry : attention->list) names += (names.empty() ? "" : " + ") + mechanism_name(entry);
  return names;
}

}  // namespace

std::string model_title(const Model& model) {
  std::string title = source_name(model.source());
  for (const std::string& part : {model.name(), attention_name(model.description().model)}) {
    if (!part.empty() && part != title) title += (title.empty() ? "" : " · ") + part;
  }
  return title;
}

}  // namespace fovea
