#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Query of a pool where the network provides none.
enum class QuerySource {
  mean,     ///< the mean of the positions
  learned,  ///< a parameter, the same for every image
};

/// Declares the field `query` of a pool's options.
void visit_query_source(FieldVisitor& fields, QuerySource& source);

/// For pools that use only their own query. @throws InputError where the network provides one.
void expect_no_outer_query(const InsertionPoint& point, const std::string& mechanism);

/// Query of a pool: the network's where InsertionPoint::query_features is positive, otherwise the pool's own. Its parameter
/// `vector`, with QuerySource::learned, is initially 0.
class PoolQueryImpl final : public CloneableModule, public SelfInitialising {
 public:
  /// @param mechanism the pool, for messages. @throws InputError for a learned query where the network provides one.
  PoolQueryImpl(const InsertionPoint& point, QuerySource own, std::string mechanism = "pool");

  /// Length of a query.
  std::int64_t features() const { return from_network() ? point_.query_features : point_.in.channels; }

  /// @param given PoolInput::query. @param positions [N, L, C]. @return [N, features()].
  /// @throws ShapeError unless `given` is [N, features()] where the network provides the query, and undefined elsewhere.
  torch::Tensor forward(const torch::Tensor& given, const torch::Tensor& positions);

  void initialise(const RandomStream& stream) override;

 protected:
  std::shared_ptr<torch::nn::Module> rebuilt() const override;

 private:
  bool from_network() const { return point_.query_features > 0; }

  InsertionPoint point_;
  QuerySource own_;
  std::string mechanism_;
  torch::Tensor vector_;  ///< [features()]; undefined unless learned
};
TORCH_MODULE(PoolQuery);

}  // namespace fovea
