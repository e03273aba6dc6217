#include <fovea/attention/spatial/feature_norm.h>

namespace fovea {

void visit_feature_norm(FieldVisitor& fields, FeatureNorm& norm, const char* help) {
  fields.choice("norm", norm,
                {{"none", FeatureNorm::none},
                 {"batch", FeatureNorm::batch},
                 {"group", FeatureNorm::group},
                 {"instance", FeatureNorm::instance}},
                help);
}

torch::nn::AnyModule make_feature_norm(FeatureNorm norm, std::int64_t channels) {
  switch (norm) {
    case FeatureNorm::batch:
      return torch::nn::AnyModule(torch::nn::BatchNorm2d(channels));
    case FeatureNorm::group:
      return torch::nn::AnyModule(torch::nn::GroupNorm(/*num_groups=*/1, channels));
    case FeatureNorm::instance:
      return torch::nn::AnyModule(torch::nn::InstanceNorm2d(channels));
    case FeatureNorm::none:
      break;
  }
  return torch::nn::AnyModule(torch::nn::Identity());
}

}  // namespace fovea
