#include <sstream>

#include <fovea/attention/context/pool_query.h>
#include <fovea/base/error.h>

namespace fovea {

void visit_query_source(FieldVisitor& fields, QuerySource& source) {
  fields.choice("query", source, {{"mean", QuerySource::mean}, {"learned", QuerySource::learned}},
                "who asks when no query comes from outside: the mean of the positions or a parameter");
}

void expect_no_outer_query(const InsertionPoint& point, const std::string& mechanism) {
  if (point.query_features == 0) return;
  throw InputError(mechanism, "a place without a query from outside",
                   "one of " + std::to_string(point.query_features) + " features", "bahdanau and luong take such a query");
}

PoolQueryImpl::PoolQueryImpl(const InsertionPoint& point, QuerySource own)
    : CloneableModule("PoolQuery"),
      features_(point.query_features > 0 ? point.query_features : point.in.channels),
      from_outside_(point.query_features > 0) {
  if (own == QuerySource::mean) return;
  if (from_outside_) throw InputError("query", "'mean' where the query comes from outside", "'learned'");
  vector_ = register_parameter("vector", torch::zeros({features_}));
}

torch::Tensor PoolQueryImpl::forward(const torch::Tensor& given, const torch::Tensor& positions) {
  const std::int64_t images = positions.size(0);
  const bool fits = from_outside_
                        ? given.defined() && given.dim() == 2 && given.size(0) == images && given.size(1) == features_
                        : !given.defined();
  if (!fits) {
    std::ostringstream expected, got;
    expected << "a query [" << images << ", " << features_ << "]";
    if (given.defined()) got << given.sizes();
    throw ShapeError(name(), from_outside_ ? expected.str() : "no query, as the pool asks by itself",
                     given.defined() ? got.str() : "none");
  }
  if (from_outside_) return given;
  return vector_.defined() ? vector_.expand({images, features_}) : positions.mean(1);
}

void PoolQueryImpl::initialise(const RandomStream&) {
  const torch::NoGradGuard no_grad;
  if (vector_.defined()) vector_.zero_();
}

}  // namespace fovea
