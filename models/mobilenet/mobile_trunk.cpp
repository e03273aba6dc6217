#include <fovea/attention/bottleneck_width.h>
#include <fovea/attention/positions.h>
#include <fovea/models/internal/normed.h>
#include <fovea/models/internal/register_at.h>
#include <fovea/models/internal/strided_side.h>
#include <fovea/models/mobilenet/mobile_trunk.h>
#include <fovea/nn/stochastic_depth.h>

namespace fovea {
namespace {

std::int64_t blocks_of(const MobileTrunkShape& shape) {
  std::int64_t count = 0;
  for (const auto& stage : shape.stages) count += std::ssize(stage);
  return count;
}

}  // namespace

std::int64_t mobile_width(double channels) {
  return divisible_width(channels, 8, kRoundLimit);
}

std::vector<std::string> MobileTrunkNames::layers() const {
  std::vector<std::string> all{stem, stem_norm};
  for (const auto& stage : stages) {
    for (const Block& block : stage) {
      for (const std::string& layer : block.layers.layers()) all.push_back(layer.empty() ? "" : block.path + "." + layer);
    }
  }
  all.insert(all.end(), {last, last_norm});
  return all;
}

MobileTrunkNames torchvision_trunk(const MobileTrunkShape& shape,
                                   const std::function<InvertedResidualNames(const InvertedResidualShape&)>& block_names) {
  std::int64_t index = 0;
  const auto next = [&] { return "features." + std::to_string(index++); };
  MobileTrunkNames names;
  const std::string stem = next();
  names.stem = stem + ".0";
  names.stem_norm = stem + ".1";
  for (const auto& stage : shape.stages) {
    auto& blocks = names.stages.emplace_back();
    for (const InvertedResidualShape& block : stage) blocks.push_back({next(), block_names(block)});
    names.hooked.push_back(blocks.back().path);
  }
  const std::string last = next();
  names.last = last + ".0";
  names.last_norm = last + ".1";
  names.hooked.push_back(last);
  return names;
}

MobileTrunkNames timm_trunk(const MobileTrunkShape& shape, const std::string& last, const std::string& last_norm,
                            const std::string& last_hooked) {
  MobileTrunkNames names{"conv_stem", "bn1", {}, last, last_norm, {}};
  for (const auto& stage : shape.stages) {
    const std::string path = "blocks." + std::to_string(names.stages.size());
    auto& blocks = names.stages.emplace_back();
    for (const InvertedResidualShape& block : stage) {
      blocks.push_back({path + "." + std::to_string(blocks.size()), timm_inverted_residual(block.expands)});
    }
    names.hooked.push_back(path);
  }
  names.hooked.push_back(last_hooked);
  return names;
}

std::map<std::string, ExternalKey> renamed_layers(const MobileTrunkNames& own, const MobileTrunkNames& external) {
  const auto here = own.layers();
  const auto there = external.layers();
  std::map<std::string, ExternalKey> keys;
  for (std::size_t i = 0; i < here.size(); ++i) {
    if (!here[i].empty()) keys.emplace(here[i], ExternalKey{there[i]});
  }
  return keys;
}

MobileTrunk::MobileTrunk(torch::nn::Module& owner, const MobileTrunkShape& shape, const MobileTrunkNames& names,
                         const InvertedResidualSettings& settings, double stochastic_depth, const InputSpec& input,
                         AttentionFactory& attention)
    : in_channels_(input.channels), activation_(shape.activation), attention_(owner, input, attention) {
  FeatureShape features = attention_.input_shape();
  const auto stem = torch::nn::Conv2dOptions(features.channels, shape.stem, 3).stride(2).padding(1).bias(false);
  stem_ = register_at(owner, names.stem, torch::nn::Conv2d(stem));
  stem_norm_ = register_at(owner, names.stem_norm, mobile_norm(shape.stem, settings));
  features = {shape.stem, strided_side(features.height, 2), strided_side(features.width, 2)};

  const std::int64_t count = blocks_of(shape);
  std::int64_t number = 0;
  for (std::size_t i = 0; i < shape.stages.size(); ++i) {
    auto& blocks = stages_.emplace_back();
    const auto stage = static_cast<std::int64_t>(i) + 1;
    for (std::size_t j = 0; j < shape.stages[i].size(); ++j) {
      const MobileTrunkNames::Block& name = names.stages[i][j];
      const InvertedResidualPlan plan{.in = features,
                                      .shape = shape.stages[i][j],
                                      .names = name.layers,
                                      .settings = settings,
                                      .stage = stage,
                                      .path = name.path,
                                      .drop_probability = stochastic_depth_probability(++number, count, stochastic_depth)};
      blocks.push_back(std::make_shared<InvertedResidualImpl>(plan, attention));
      register_at(owner, name.path, blocks.back());
      features = blocks.back()->output_shape();
    }
    attention_.add_stage(owner, "stage" + std::to_string(stage), features, attention);
  }
  last_ = register_at(owner, names.last,
                      torch::nn::Conv2d(torch::nn::Conv2dOptions(features.channels, shape.last, 1).bias(false)));
  last_norm_ = register_at(owner, names.last_norm, mobile_norm(shape.last, settings));
  features.channels = shape.last;
  attention_.add_stage(owner, "stage" + std::to_string(stages_.size() + 1), features, attention);
  attention_.add_pool(owner, features, attention);
  out_features_ = attention_.pooled_features(features);
  for (const std::string& path : names.hooked) hooked_.push_back(&module_at(owner, path));
}

torch::Tensor MobileTrunk::forward(const torch::nn::Module& owner, const torch::Tensor& images, ForwardContext& context) {
  expect_features(owner, images, in_channels_);
  PoolInput passing{attention_.enter(images, context)};
  const auto stem = context.hook_layer(*stem_, stem_(passing.features));
  passing.features = apply_activation(context.hook_layer(*stem_norm_, normed(owner, stem_norm_, stem)), activation_);
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    for (const auto& block : stages_[i]) {
      passing.features = block->forward(passing.features, context);
      // Where the last block gives the stage its name, the stage passes the features on.
      if (block.get() != hooked_[i]) passing.features = context.hook_layer(*block, passing.features);
    }
    attention_.finish_stage(i, *hooked_[i], passing, context);
  }
  passing.features = normed(owner, last_norm_, context.hook_layer(*last_, last_(passing.features)));
  if (last_norm_.get() != hooked_.back()) passing.features = context.hook_layer(*last_norm_, passing.features);
  passing.features = apply_activation(passing.features, activation_);
  attention_.finish_stage(stages_.size(), *hooked_.back(), passing, context);
  return attention_.pool(passing, context);
}

}  // namespace fovea
