#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/attention/gate.h>
#include <fovea/attention/insertion_point.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Form of the branch, where the paper and the authors' code differ.
enum class BranchVariant {
  official,  ///< batch norm and ReLU behind the class maps, a 3x3 convolution to the attention map
  paper,     ///< ReLU alone behind the class maps, a 1x1 convolution to the attention map
};

struct AttentionBranchOptions {
  BranchVariant variant = BranchVariant::official;

  void visit_fields(FieldVisitor& fields);
};

/// Attention Branch Network, "Attention Branch Network: Learning of Attention Mechanism for Visual Explanation",
/// arXiv:1812.10025. A branch computes one map per class, m = relu(BN(conv(BN(x)))). From the maps come the logits of an
/// auxiliary classifier, mean over the positions of conv2(m), and an attention map: x (1 + sigmoid(BN(conv3(m)))).
/// Parameter names are those of the authors' code (`bn_att`, `att_conv`, `bn_att2`, `att_conv2`, `att_conv3`, `bn_att3`;
/// no biases).
/// Its insertion points are behind stages, where the number of classes is known. Without `stages` every stage gets a branch
/// with its own auxiliary classifier; the authors have one, behind layer3.
/// Differs from the paper: the branch has no residual blocks of its own in front of `bn_att`, and the maps may have any
/// size (the code averages 14 x 14).
/// A forward() without a context drops the logits, so that the auxiliary classifier does not train.
class AttentionBranchImpl final : public Gate {
 public:
  /// @param channels C of the features. @throws InputError unless both numbers are positive.
  AttentionBranchImpl(std::int64_t channels, std::int64_t num_classes, AttentionBranchOptions options = {});
  /// @throws InputError where the number of classes is not known.
  explicit AttentionBranchImpl(const InsertionPoint& point, AttentionBranchOptions options = {});

  /// @param features [N, C, H, W]. @return the same shape. Hooks see a spatial gate [N, 1, H, W] in (0, 1);
  /// ForwardContext::branch_logits gets the logits [N, classes], named by the insertion point's path. @throws
  /// ShapeError if features is not 4-D or C differs. Depends on train/eval mode.
  torch::Tensor attend(const torch::Tensor& features, ForwardContext& context) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  InsertionPoint point_;
  AttentionBranchOptions options_;
  torch::nn::BatchNorm2d bn_att_{nullptr}, bn_att2_{nullptr}, bn_att3_{nullptr};
  torch::nn::Conv2d att_conv_{nullptr}, att_conv2_{nullptr}, att_conv3_{nullptr};
};
TORCH_MODULE(AttentionBranch);

}  // namespace fovea
