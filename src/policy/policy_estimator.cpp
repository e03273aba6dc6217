#include <memory>

#include <fovea/policy/policy_estimator.h>
#include <fovea/policy/reinforce.h>

namespace fovea {

void PolicyEstimator::visit_fields(FieldVisitor& fields) {
  fields.choice("reward", reward, {{"confidence", Reward::confidence}, {"correct", Reward::correct}},
                "the rise of the true class's probability from the choice to the end, or 1 for a right class at the end");
  fields.integer("rollouts", rollouts_per_image, {1, 1024},
                 "how often each image is looked at in an update, with choices made anew");
  visit_own_fields(fields);
  exploration.visit_fields(fields);
}

NamedOptions<PolicyEstimator> policy_field() {
  return NamedOptions<PolicyEstimator>({{.name = "reinforce", .make = [] { return std::make_shared<Reinforce>(); }}});
}

}  // namespace fovea
