#include <algorithm>
#include <array>
#include <string_view>

#include <fovea/config/internal/renamed_keys.h>

namespace fovea {
namespace {

struct RenamedKey {
  std::string_view old_name;
  std::string_view name;
};

constexpr std::array kRenamedKeys = {
    RenamedKey{"deviation", "std"},                // train.policy
    RenamedKey{"settle", "frozen_fraction"},       // train.policy
    RenamedKey{"settle_deviation", "frozen_std"},  // train.policy
    RenamedKey{"confidence", "probability_gain"},  // train.policy.reward
    RenamedKey{"rising", "linear"},                // train.step_loss
    RenamedKey{"final_factor", "min_factor"},      // train.schedule
    RenamedKey{"minimum_factor", "min_factor"},    // train.schedule
    RenamedKey{"rise", "pct_start"},               // train.schedule
    RenamedKey{"every_epochs", "step_size"},       // train.schedule
    RenamedKey{"decay", "gamma"},                  // train.schedule
    RenamedKey{"smoothing", "alpha"},              // train.optimizer
    RenamedKey{"fresh", "reinitialised"},          // train.init
    RenamedKey{"factor", "multiplier"},            // train.layer_rates
};

}  // namespace

std::string renamed_key(const std::string& old_name, const std::vector<std::string>& names) {
  for (const RenamedKey& key : kRenamedKeys) {
    if (key.old_name == old_name && std::find(names.begin(), names.end(), key.name) != names.end())
      return std::string(key.name);
  }
  return "";
}

}  // namespace fovea
