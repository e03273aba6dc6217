#include <utility>

#include <fovea/attention/context/pool_query.h>
#include <fovea/base/error.h>
#include <fovea/nn/shape_text.h>

namespace fovea {

void visit_query_source(FieldVisitor& fields, QuerySource& source) {
  fields.choice("query", source, {{"mean", QuerySource::mean}, {"learned", QuerySource::learned}},
                "query where the network gives none: the mean of the positions or a learned parameter");
}

void expect_no_outer_query(const InsertionPoint& point, const std::string& mechanism) {
  if (point.query_features == 0) return;
  throw InputError(mechanism, "an insertion point without a query from the network",
                   "one of " + std::to_string(point.query_features) + " features", "bahdanau and luong take such a query");
}

PoolQueryImpl::PoolQueryImpl(const InsertionPoint& point, QuerySource own, std::string mechanism)
    : CloneableModule("PoolQuery"),
      point_(expect_channels(point, "PoolQuery")),
      own_(own),
      mechanism_(std::move(mechanism)) {
  if (own == QuerySource::mean) return;
  if (from_network()) throw InputError(mechanism_ + ": query", "'mean' where the network gives the query", "'learned'");
  vector_ = register_parameter("vector", torch::zeros({features()}));
}

torch::Tensor PoolQueryImpl::forward(const torch::Tensor& given, const torch::Tensor& positions) {
  const std::int64_t images = positions.size(0);
  const bool fits = from_network()
                        ? given.defined() && given.dim() == 2 && given.size(0) == images && given.size(1) == features()
                        : !given.defined();
  if (!fits) {
    throw ShapeError(
        name(), from_network() ? c10::str("a query [", images, ", ", features(), "]") : "no query, as the pool has its own",
        given.defined() ? shape_text(given) : "none");
  }
  if (from_network()) return given;
  return vector_.defined() ? vector_.expand({images, features()}) : positions.mean(1);
}

void PoolQueryImpl::initialise(const RandomStream&) {
  const torch::NoGradGuard no_grad;
  if (vector_.defined()) vector_.zero_();
}

std::shared_ptr<torch::nn::Module> PoolQueryImpl::rebuilt() const {
  return std::make_shared<PoolQueryImpl>(point_, own_, mechanism_);
}

}  // namespace fovea
