#include <memory>

#include <fovea/policy/policy_estimator.h>
#include <fovea/policy/reinforce.h>

namespace fovea {

void PolicyEstimator::visit_fields(FieldVisitor& fields) {
  fields.choice(
      "reward", reward, {{"probability_gain", Reward::probability_gain}, {"correct", Reward::correct}},
      "gain of the true class's probability from the choice to the end (dense), or 1 for a correct class at the end");
  fields.integer("rollouts", rollouts_per_image, {1, 1024}, "rollouts per image and update, each with its own samples");
  visit_own_fields(fields);
  exploration.visit_fields(fields);
}

NamedOptions<PolicyEstimator> policy_field() {
  return NamedOptions<PolicyEstimator>({{.name = "reinforce", .make = [] { return std::make_shared<Reinforce>(); }}});
}

}  // namespace fovea
