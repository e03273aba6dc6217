#include <algorithm>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/nn/foreign_weights.h>
#include <fovea/nn/key_scheme.h>
#include <fovea/nn/state_dict.h>

namespace fovea {
namespace {

constexpr const char* kBatchCounter = "num_batches_tracked";

std::int64_t count_known(const NamedTensors& own, const NamedTensors& given) {
  return std::count_if(own.begin(), own.end(), [&](const auto& item) { return given.contains(item.first); });
}

bool is_batch_counter(const std::string& name) {
  return name.ends_with(std::string(".") + kBatchCounter);
}

/// Files of PyTorch before 0.4.1 know no counters; some is damage, none is age.
void add_batch_counters(NamedTensors& weights, const NamedTensors& own) {
  const auto has_counter = [](const auto& item) { return is_batch_counter(item.first); };
  if (std::any_of(weights.begin(), weights.end(), has_counter)) return;
  for (const auto& [name, tensor] : own) {
    if (is_batch_counter(name)) weights.emplace(name, torch::zeros_like(tensor));
  }
}

}  // namespace

NamedForNetwork name_for(const torch::nn::Module& network, const WeightsFile& file, const std::vector<Rename>& renames) {
  const NamedTensors own = state_dict(network);
  const NamedTensors given = renamed(file, renames);
  NamedForNetwork named{given, ""};
  for (const KeyScheme& scheme : key_schemes_of(network)) {
    auto translated = to_own_names(scheme, own, given);
    if (!translated || count_known(own, *translated) <= count_known(own, named.tensors)) continue;
    named = {std::move(*translated), scheme.name};
  }
  add_batch_counters(named.tensors, own);
  if (const auto* adapter = dynamic_cast<const AdaptsWeights*>(&network)) adapter->adapt_weights(named.tensors);
  return named;
}

void load_named_weights(torch::nn::Module& network, const NamedForNetwork& named, const std::string& where) {
  expect_state_fits(network, named.tensors, where);
  if (const auto names = not_finite(named.tensors); !names.empty()) {
    const std::string more = names.size() > 1 ? ", as in " + std::to_string(names.size() - 1) + " more" : "";
    throw InputError(where + ": " + names.front(), "finite values", "NaN or infinity" + more,
                     "the weights are damaged: no prediction of theirs would mean anything");
  }
  load_state_dict(network, named.tensors, where);
}

}  // namespace fovea
