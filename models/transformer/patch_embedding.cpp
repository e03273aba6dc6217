#include <cmath>
#include <string>
#include <utility>

#include <fovea/attention/positions.h>
#include <fovea/attention/warp/affine_sampling.h>
#include <fovea/base/error.h>
#include <fovea/models/transformer/patch_embedding.h>
#include <fovea/nn/shape_text.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

FeatureShape grid_of_patches(const FeatureShape& image, std::int64_t height, std::int64_t width, std::int64_t channels) {
  if (height <= image.height && width <= image.width) return {channels, image.height / height, image.width / width};
  const auto sides = [](std::int64_t rows, std::int64_t columns) {
    return std::to_string(rows) + " x " + std::to_string(columns);
  };
  throw InputError("model.patch_size", "patches no larger than the images, " + sides(image.height, image.width) + " pixels",
                   sides(height, width), "choose a smaller patch, or larger images in preprocess");
}

std::vector<std::int64_t> expect_possible_patch(std::vector<std::int64_t> patch_size) {
  const std::string where = "PatchEmbedding: patch_size";
  if (patch_size.empty() || patch_size.size() > 2) {
    throw InputError(where, "1 or 2 numbers", std::to_string(patch_size.size()));
  }
  for (const std::int64_t side : patch_size) expect_positive(side, where);
  return patch_size;
}

/// Fraction of a side's pixels that lie in whole patches.
double covered_fraction(std::int64_t pixels, std::int64_t patch) {
  return static_cast<double>(pixels - pixels % patch) / static_cast<double>(pixels);
}

}  // namespace

void visit_patch_size(FieldVisitor& fields, std::vector<std::int64_t>& patch_size) {
  fields.integers("patch_size", patch_size, {1, 1 << 12}, {1, 2},
                  "pixels along a patch's sides: one number, or height, width");
}

PatchEmbeddingImpl::PatchEmbeddingImpl(const FeatureShape& image, std::vector<std::int64_t> patch_size,
                                       std::int64_t channels)
    : ContextModule("PatchEmbedding"),
      image_(image),
      patch_size_(expect_possible_patch(std::move(patch_size))),
      grid_(grid_of_patches(image, patch_size_.front(), patch_size_.back(),
                            expect_positive(channels, "PatchEmbedding: channels"))) {
  expect_positive(image.channels, "PatchEmbedding: channels of the image");
  const torch::ExpandingArray<2> patch({patch_size_.front(), patch_size_.back()});
  const auto options = torch::nn::Conv2dOptions(image.channels, channels, patch).stride(patch);
  proj_ = register_module("proj", torch::nn::Conv2d(options));
}

std::shared_ptr<torch::nn::Module> PatchEmbeddingImpl::rebuilt() const {
  return std::make_shared<PatchEmbeddingImpl>(image_, patch_size_, grid_.channels);
}

torch::Tensor PatchEmbeddingImpl::forward(const torch::Tensor& images, ContextArgument argument) {
  ForwardContext& context = argument.of(*this);
  const auto& patch = *proj_->options.kernel_size();
  const double x = covered_fraction(images.size(3), patch[1]), y = covered_fraction(images.size(2), patch[0]);
  if (x < 1 || y < 1) {
    const auto seen = torch::tensor({x, 0.0, x - 1, 0.0, y, y - 1}, torch::kFloat64).view({1, 2, 3}).to(images.options());
    context.theta = compose_affine(context.theta, seen.expand({images.size(0), 2, 3}));
  }
  return proj_(images).flatten(2).transpose(1, 2);
}

void PatchEmbeddingImpl::initialise(const RandomStream& stream) {
  const auto& weight = proj_->weight;
  const double bound = std::sqrt(static_cast<double>(weight.size(0)) / static_cast<double>(weight.numel()));
  const RandomStream own = stream.child("proj");
  fill_uniform(weight, own.child("weight"), -bound, bound);
  fill_uniform(proj_->bias, own.child("bias"), -bound, bound);
}

torch::Tensor patches_of(const torch::Tensor& tokens, const TokenLayout& layout) {
  return to_grid(tokens.slice(1, layout.prefix_tokens), layout.grid[0], layout.grid[1]);
}

torch::Tensor with_patches(const torch::Tensor& tokens, const torch::Tensor& map, std::int64_t prefix_tokens) {
  const auto positions = map.flatten(2).transpose(1, 2);
  return prefix_tokens == 0 ? positions : torch::cat({tokens.slice(1, 0, prefix_tokens), positions}, 1);
}

void expect_images(const torch::nn::Module& network, const torch::Tensor& images, const FeatureShape& built_for) {
  expect_features(network, images, built_for.channels);
  if (images.size(2) == built_for.height && images.size(3) == built_for.width) return;
  const auto expected = c10::str("[N, ", built_for.channels, ", ", built_for.height, ", ", built_for.width, "]");
  throw ShapeError(network.name(), expected + ", the size of the position embedding", shape_text(images));
}

}  // namespace fovea
