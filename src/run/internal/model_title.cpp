#include <filesystem>

#include <fovea/run/internal/model_title.h>
#include <fovea/weights/model_file.h>

namespace fovea {
namespace {

namespace fs = std::filesystem;

/// Name of the run's folder, or of the file without its extension; empty for a registry name.
std::string source_name(const ModelSource& source) {
  const fs::path path = fs::path(source.directory.empty() ? source.name : source.directory).lexically_normal();
  if (!source.directory.empty()) return (path.has_filename() ? path.filename() : path.parent_path().filename()).string();
  return path.stem().string();
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
