#include <fovea/base/error.h>
#include <fovea/nn/forward_hooks.h>

namespace fovea {

bool is_features(MapKind kind) {
  return kind == MapKind::features || kind == MapKind::layer;
}

std::string to_string(MapKind kind) {
  switch (kind) {
    case MapKind::features:
      return "features";
    case MapKind::layer:
      return "layer";
    case MapKind::channel:
      return "channel";
    case MapKind::spatial:
      return "spatial";
    case MapKind::dense:
      return "dense";
    case MapKind::branch:
      return "branch";
    case MapKind::pairwise:
      return "pairwise";
    case MapKind::windows:
      break;
  }
  return "windows";
}

std::string to_string(Meaning meaning) {
  switch (meaning) {
    case Meaning::gate:
      return "gate";
    case Meaning::weights:
      return "weights";
    case Meaning::signed_:
      return "signed";
    case Meaning::none:
      break;
  }
  return "none";
}

ModuleNames::ModuleNames(const torch::nn::Module& root) {
  names_[&root] = "";
  for (const auto& item : root.named_modules("", /*include_self=*/false)) names_[item.value().get()] = item.key();
}

const std::string& ModuleNames::of(const torch::nn::Module& module) const {
  const auto found = names_.find(&module);
  if (found == names_.end())
    throw Error("hooks: a module of type " + module.name() + " is not registered below the network");
  return found->second;
}

}  // namespace fovea
