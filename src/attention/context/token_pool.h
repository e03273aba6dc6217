#pragma once

#include <cstdint>
#include <string>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/attention/pool.h>
#include <fovea/attention/positions.h>
#include <fovea/attention/selection.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Options of TokenPool; options of its subclasses have the same fields.
struct TokenPoolOptions {
  std::int64_t heads = 0;           ///< 0 = embed_channels / head_channels, at least 1
  std::int64_t head_channels = 64;  ///< features of a head, where heads is 0
  std::int64_t embed_channels = 0;  ///< features of all heads; 0 = as many as the positions have channels
  std::int64_t out_features = 0;    ///< 0 = as many as the positions have channels
  bool projection = true;           ///< linear layer behind the heads; without it the result has embed_channels features
  bool qkv_bias = true;
  bool qkv_separate = false;  ///< parameters `q`, `k`, `v` instead of `qkv`
  bool class_token = false;   ///< the query is a learned token instead of the mean of the positions
  double dropout = 0;         ///< dropout probability of the heads' output, in training
  Selection selection = {};

  void visit_fields(FieldVisitor& fields);
};

/// Declares the fields of TokenPoolOptions in `options`.
template <typename PoolOptions>
void visit_token_pool(FieldVisitor& fields, PoolOptions& options) {
  fields.integer("heads", options.heads, {0, 1 << 12}, "number of heads; 0 = embed_channels / head_channels, at least 1");
  fields.integer("head_channels", options.head_channels, {1, 1 << 16}, "features of a head, where heads is 0");
  fields.integer("embed_channels", options.embed_channels, {0, 1 << 16},
                 "features of all heads; 0 = the positions' channels");
  fields.integer("out_features", options.out_features, {0, 1 << 16}, "length of the result; 0 = the positions' channels");
  fields.boolean("projection", options.projection,
                 "linear layer behind the heads; without it the result has embed_channels features");
  fields.boolean("qkv_bias", options.qkv_bias, "biases of queries, keys and values");
  fields.boolean("qkv_separate", options.qkv_separate, "layers q, k and v instead of one qkv");
  fields.boolean("class_token", options.class_token, "the query is a learned token instead of the mean of the positions");
  fields.real("dropout", options.dropout, kFractionBelowOne,
              "probability of dropping a feature of the heads' output, in training");
  options.selection.visit_fields(fields);
}

/// Values of the fields of TokenPoolOptions in `options`.
template <typename PoolOptions>
TokenPoolOptions token_pool_options(const PoolOptions& options) {
  return {.heads = options.heads,
          .head_channels = options.head_channels,
          .embed_channels = options.embed_channels,
          .out_features = options.out_features,
          .projection = options.projection,
          .qkv_bias = options.qkv_bias,
          .qkv_separate = options.qkv_separate,
          .class_token = options.class_token,
          .dropout = options.dropout,
          .selection = options.selection};
}

/// Base of attention pooling and rotary attention pooling: multi-head attention whose query is a token in front of the
/// positions, their mean or a learned one, and whose keys and values are that token and the positions; a linear layer
/// follows. The subclass encodes the positions.
class TokenPool : public Pool, public SelfInitialising {
 public:
  /// @return [N, out_features()]. Hooks see the weights [N, heads, 1, 1 + L], the token's own first. @throws ShapeError
  /// unless the features fit.
  torch::Tensor attend(const PoolInput& input, ForwardContext& context) override;
  std::int64_t out_features() const override { return out_features_; }

  /// Self-attention of all tokens, [N, 1 + L, out_features()]: every token is a query. The first is forward()'s result.
  torch::Tensor attend_all(const torch::Tensor& features, ForwardContext& context);

  /// Weights of queries, keys and values normal with a standard deviation of 1 / sqrt(channels), their biases 0, as in CLIP
  /// and timm; `cls_token` 0.
  void initialise(const RandomStream& stream) override;

 protected:
  /// @param name of the type. @param where names the mechanism in messages. @param options within their ranges.
  TokenPool(const char* name, const std::string& where, const InsertionPoint& point, const TokenPoolOptions& options);

  const InsertionPoint& point() const { return point_; }
  const TokenPoolOptions& options() const { return options_; }
  std::int64_t channels() const { return point_.in.channels; }
  std::int64_t head_channels() const { return embed_channels_ / heads_; }

  /// Positions of the features. @throws ShapeError.
  virtual Positions input_positions(const torch::Tensor& features) const {
    return positions_of(*this, features, channels());
  }
  /// Tokens with their position embeddings added, [N, 1 + L, C].
  virtual torch::Tensor with_positions(const torch::Tensor& tokens, const Positions&) const { return tokens; }
  /// Queries or keys [N, heads, 1 + L, d], rotated by their positions; the first token has no position.
  virtual torch::Tensor rotated(const torch::Tensor& heads, const Positions&) const { return heads; }

 private:
  torch::Tensor attended(const torch::Tensor& features, bool all, ForwardContext& context);
  /// Queries (0), keys (1) or values (2) of tokens: [N, heads, tokens, d].
  torch::Tensor projected(const torch::Tensor& tokens, std::int64_t part);

  InsertionPoint point_;
  TokenPoolOptions options_;
  std::int64_t embed_channels_, heads_, out_features_;
  torch::Tensor cls_token_;  ///< [1, C]
  torch::nn::Linear qkv_{nullptr}, q_{nullptr}, k_{nullptr}, v_{nullptr}, proj_{nullptr};
};

}  // namespace fovea
