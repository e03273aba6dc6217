#include <algorithm>

#include <fovea/data/augmentations/pair_mixing.h>

namespace fovea {

void PairMixing::visit_fields(FieldVisitor& fields) {
  fields.real("probability", probability, kFraction, "probability of mixing an image with another one of its batch");
  fields.real("alpha", alpha, {.minimum = 0.001, .maximum = 1000},
              "parameter of Beta(alpha, alpha), the distribution of lambda");
}

double PairMixing::draw_lambda(RandomStream& stream) const {
  const double lambda = stream.beta(alpha, alpha);
  // The distribution and a pair are symmetric: 0.2 of a with 0.8 of b is b with lambda 0.8. So the larger value gives the
  // same mixtures with the same probability, and the own label has the larger weight.
  return std::max(lambda, 1 - lambda);
}

}  // namespace fovea
