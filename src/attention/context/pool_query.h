#pragma once

#include <cstdint>
#include <string>

#include <torch/torch.h>

#include <fovea/attention/insertion_point.h>
#include <fovea/nn/cloneable_module.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/fields.h>

namespace fovea {

/// How a pool asks by itself.
enum class QuerySource {
  mean,     ///< with the mean of the positions
  learned,  ///< with a parameter, the same for every image
};

/// The field `query` of a pool's options.
void visit_query_source(FieldVisitor& fields, QuerySource& source);

/// For pools that ask by themselves only. @throws InputError where a query comes from outside.
void expect_no_outer_query(const InsertionPoint& point, const std::string& mechanism);

/// The query of a pool: from outside where InsertionPoint::query_features says so, otherwise the pool's own. Its parameter
/// `vector`, with QuerySource::learned, starts at zero.
class PoolQueryImpl final : public CloneableModule, public SelfInitialising {
 public:
  /// @throws InputError for a learned query where one comes from outside.
  PoolQueryImpl(const InsertionPoint& point, QuerySource own);

  /// Length of a query.
  std::int64_t features() const { return features_; }

  /// @param given PoolInput::query. @param positions [N, L, C]. @return [N, features()].
  /// @throws ShapeError unless a query [N, features()] is given exactly when it comes from outside.
  torch::Tensor forward(const torch::Tensor& given, const torch::Tensor& positions);

  void initialise(const RandomStream& stream) override;

 private:
  std::int64_t features_;
  bool from_outside_;
  torch::Tensor vector_;  ///< [features()]; undefined unless learned
};
TORCH_MODULE(PoolQuery);

}  // namespace fovea
