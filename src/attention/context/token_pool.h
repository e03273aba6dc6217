#pragma once

#include <cstdint>
#include <string>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/attention/pool.h>
#include <fovea/attention/positions.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

struct TokenPoolOptions {
  std::int64_t heads = 0;           ///< 0 = embed_channels / head_channels, at least 1
  std::int64_t head_channels = 64;  ///< features of a head, where heads does not say
  std::int64_t embed_channels = 0;  ///< features of all heads; 0 = as many as the positions have channels
  std::int64_t out_features = 0;    ///< 0 = as many as the positions have channels
  bool projection = true;           ///< a linear layer behind the heads; without it embed_channels features come out
  bool qkv_bias = true;
  bool qkv_separate = false;  ///< parameters `q`, `k`, `v` instead of `qkv`
  bool class_token = false;   ///< a learned token asks instead of the mean of the positions
  double dropout = 0;         ///< of what the heads gathered, in training

  void visit_fields(FieldVisitor& fields);
};

/// What attention pooling and rotary attention pooling share: a token in front of the positions, their mean or a learned
/// one, asks itself and the positions by scaled dot products in several heads; a linear layer follows. Positions are the
/// subclass's.
class TokenPool : public Pool, public SelfInitialising {
 public:
  /// @return [N, out_features()]. Hooks see the weights [N, heads, 1, 1 + L], the token's own first. @throws ShapeError
  /// unless the features fit.
  torch::Tensor attend(const PoolInput& input, ForwardContext& context) override;
  std::int64_t out_features() const override { return out_features_; }

  /// As forward(), with every token asking: [N, 1 + L, out_features()]. The first is forward()'s result.
  torch::Tensor every_answer(const torch::Tensor& features, ForwardContext& context);

  /// Queries, keys and values start normal with deviation 1 / sqrt(channels) and without bias, as in CLIP and timm.
  void initialise(const RandomStream& stream) override;

 protected:
  /// @param where names the mechanism in messages.
  TokenPool(const char* name, const std::string& where, const InsertionPoint& point, const TokenPoolOptions& options);

  std::int64_t channels() const { return channels_; }
  std::int64_t head_channels() const { return embed_channels_ / heads_; }

  /// The positions of what arrives. @throws ShapeError.
  virtual Positions arriving(const torch::Tensor& features) const { return positions_of(*this, features, channels_); }
  /// Adds positions to the tokens [N, 1 + L, C].
  virtual torch::Tensor with_positions(const torch::Tensor& tokens, const Positions&) const { return tokens; }
  /// Turns queries or keys [N, heads, 1 + L, d] by their position's position; the first token has none.
  virtual torch::Tensor turned(const torch::Tensor& heads, const Positions&) const { return heads; }

 private:
  torch::Tensor attended(const torch::Tensor& features, bool all, ForwardContext& context);
  /// Queries (0), keys (1) or values (2) of tokens: [N, heads, tokens, d].
  torch::Tensor projected(const torch::Tensor& tokens, std::int64_t part);

  std::int64_t channels_, embed_channels_, heads_, out_features_;
  double dropout_;
  std::string path_;
  torch::Tensor cls_token_;  ///< [1, C]
  torch::nn::Linear qkv_{nullptr}, q_{nullptr}, k_{nullptr}, v_{nullptr}, proj_{nullptr};
};

}  // namespace fovea
