#include <fovea/attention/context/attention_branch.h>
#include <fovea/attention/positions.h>
#include <fovea/base/error.h>
#include <fovea/options/check.h>

namespace fovea {

void AttentionBranchOptions::visit_fields(FieldVisitor& fields) {
  fields.choice(
      "variant", variant, {{"official", BranchVariant::official}, {"paper", BranchVariant::paper}},
      "official: batch norm behind the class maps and a 3x3 convolution; paper: no batch norm and a 1x1 convolution");
}

AttentionBranchImpl::AttentionBranchImpl(std::int64_t channels, std::int64_t num_classes, AttentionBranchOptions options)
    : AttentionBranchImpl(InsertionPoint{.kind = InsertionKind::stage,
                                         .in = {channels},
                                         .num_classes = expect_positive(num_classes, "AttentionBranch: num_classes")},
                          options) {}

AttentionBranchImpl::AttentionBranchImpl(const InsertionPoint& point, AttentionBranchOptions options)
    : Gate("AttentionBranch"),
      point_(expect_channels(point, "AttentionBranch")),
      options_(expect_in_range(options, "AttentionBranch")) {
  const std::int64_t channels = point.in.channels, classes = point.num_classes;
  if (classes <= 0) {
    throw InputError("abn", "an insertion point where the number of classes is known", "none", "insert it behind a stage");
  }
  const bool official = options.variant == BranchVariant::official;
  const auto convolution = [&](const char* called, std::int64_t in, std::int64_t out, std::int64_t kernel) {
    const auto shape = torch::nn::Conv2dOptions(in, out, kernel).padding(kernel / 2).bias(false);
    return register_module(called, torch::nn::Conv2d(shape));
  };
  bn_att_ = register_module("bn_att", torch::nn::BatchNorm2d(channels));
  att_conv_ = convolution("att_conv", channels, classes, 1);
  if (official) bn_att2_ = register_module("bn_att2", torch::nn::BatchNorm2d(classes));
  att_conv2_ = convolution("att_conv2", classes, classes, 1);
  att_conv3_ = convolution("att_conv3", classes, 1, official ? 3 : 1);
  bn_att3_ = register_module("bn_att3", torch::nn::BatchNorm2d(1));
}

torch::Tensor AttentionBranchImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, point_.in.channels);
  auto maps = att_conv_(bn_att_(features));
  maps = torch::relu(bn_att2_ ? bn_att2_(maps) : maps);                            // [N, classes, H, W]
  const auto logits = att_conv2_(maps.mean({2, 3}, /*keepdim=*/true)).flatten(1);  // of the mean: conv2 is linear
  context.branch_logits.emplace_back(point_.path, logits);
  const auto gate = torch::sigmoid(bn_att3_(att_conv3_(maps)));  // [N, 1, H, W]
  return features * (1 + context.hook(*this, {MapKind::spatial, Meaning::gate}, gate));
}

std::shared_ptr<torch::nn::Module> AttentionBranchImpl::rebuilt() const {
  return std::make_shared<AttentionBranchImpl>(point_, options_);
}

}  // namespace fovea
