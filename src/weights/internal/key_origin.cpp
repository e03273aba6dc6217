#include <algorithm>
#include <array>

#include <fovea/weights/internal/key_origin.h>

namespace fovea {
namespace {

struct OriginRow {
  const char* part;  ///< of a key between dots or slashes, or several of them
  KeyOrigin origin;
};

constexpr KeyOrigin kTransformers{"the keys are those of Hugging Face's transformers",
                                  "get the weights of timm or torchvision for this network"};
constexpr KeyOrigin kFlax{"the keys are those of Flax", "get the weights for PyTorch, whose layout differs"};
constexpr KeyOrigin kOpenClip{"the keys are those of open_clip", "get the image tower alone, as timm publishes it"};
constexpr KeyOrigin kMoco{"the keys are those of MoCo", "keep encoder_q or base_encoder alone, with renames"};
constexpr KeyOrigin kDino{"the keys are those of DINO's training", "keep the backbone alone, with renames"};

/// The first row with a part that a key has is the origin; what is found in fewer files comes first.
constexpr std::array<OriginRow, 20> kOrigins{{
    {"encoder_q", kMoco},
    {"encoder_k", kMoco},
    {"base_encoder", kMoco},
    {"momentum_encoder", kMoco},
    {"dino_head", kDino},
    {"dino_loss", kDino},
    {"head.last_layer", kDino},
    {"resblocks", kOpenClip},
    {"visual.trunk", kOpenClip},
    {"logit_scale", kOpenClip},
    {"patch_embeddings", kTransformers},
    {"embedder.embedder", kTransformers},
    {"embedder.stem_convolution", kTransformers},
    {"attention.attention", kTransformers},
    {"encoder.stages", kTransformers},
    {"conv_stem.first_conv", kTransformers},
    {"encoder.layer", kTransformers},
    {"kernel", kFlax},
    {"batch_stats", kFlax},
    {"pos_embedding.posembed_input", kFlax},
}};

}  // namespace

std::optional<KeyOrigin> origin_of_keys(const std::vector<std::string>& keys) {
  std::vector<std::string> dotted;
  dotted.reserve(keys.size());
  for (const std::string& key : keys) {
    dotted.push_back("." + key + ".");
    std::replace(dotted.back().begin(), dotted.back().end(), '/', '.');
  }
  for (const auto& [part, origin] : kOrigins) {
    const std::string whole = "." + std::string(part) + ".";
    const bool has_part = std::any_of(dotted.begin(), dotted.end(),
                                      [&](const std::string& key) { return key.find(whole) != std::string::npos; });
    if (has_part) return origin;
  }
  return std::nullopt;
}

}  // namespace fovea
