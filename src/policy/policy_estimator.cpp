#include <memory>

#include <fovea/policy/policy_estimator.h>
#include <fovea/policy/reinforce.h>

namespace fovea {

void PolicyEstimator::visit_fields(FieldVisitor& fields) {
  fields.choice("reward", reward, {{"probability_gain", Reward::probability_gain}, {"correct", Reward::correct}},
                "gain of the true class's probability from the choice to the end (dense; the probability itself where "
                "nothing is predicted before), or 1 for a correct class at the end");
  fields.integer("rollouts", rollouts_per_image, {1, 1024}, "rollouts per image and update, each with its own samples");
  visit_own_fields(fields);
  kind == ChoiceKind::locations ? exploration.visit_fields(fields) : exploration.visit_phases(fields);
}

NamedOptions<PolicyEstimator> policy_field(ChoiceKind kind) {
  return NamedOptions<PolicyEstimator>(
      {{.name = "reinforce", .make = [kind] { return std::make_shared<Reinforce>(kind); }}});
}

}  // namespace fovea
