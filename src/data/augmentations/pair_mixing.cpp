#include <algorithm>

#include <fovea/data/augmentations/pair_mixing.h>

namespace fovea {

void PairMixing::visit_fields(FieldVisitor& fields) {
  fields.real("probability", probability, kFraction, "that a picture is mixed with another of its batch");
  fields.real("alpha", alpha, {.minimum = 0.001, .maximum = 1000}, "of Beta(alpha, alpha), which the shares come from");
}

double PairMixing::own_share(RandomStream& stream) const {
  const double share = stream.beta(alpha, alpha);
  // The distribution is symmetric and so is a pair: 0.2 of a with 0.8 of b is b with a share of 0.8. Taking the larger share
  // gives the same mixtures as often, and a picture's own label stays the larger one.
  return std::max(share, 1 - share);
}

}  // namespace fovea
