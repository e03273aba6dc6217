#include <algorithm>

#include <fovea/base/error.h>
#include <fovea/weights/external_checkpoint.h>
#include <fovea/weights/map_keys.h>
#include <fovea/weights/state_dict.h>
#include <fovea/weights/weights_advice.h>

namespace fovea {
namespace {

constexpr const char* kBatchCounter = "num_batches_tracked";

std::int64_t count_known(const NamedTensors& own, const NamedTensors& given) {
  return std::count_if(own.begin(), own.end(), [&](const auto& item) { return given.contains(item.first); });
}

bool is_batch_counter(const std::string& name) {
  return name.ends_with(std::string(".") + kBatchCounter);
}

/// Files of PyTorch before 0.4.1 have no counters. A file that has only some of them is damaged.
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
  const NamedTensors given = renamed_tensors(file, renames);
  NamedForNetwork named{given, "", file, renames};
  for (const KeyMapping& mapping : key_mappings_of(network)) {
    auto translated = to_own_names(mapping, own, given);
    if (!translated) continue;
    const bool is_said = mapping.name == file.mapping;
    if (!is_said && count_known(own, *translated) <= count_known(own, named.tensors)) continue;
    named.tensors = std::move(*translated);
    named.mapping = mapping.name;
    if (is_said) break;
  }
  add_batch_counters(named.tensors, own);
  if (const auto* adapter = dynamic_cast<const AdaptsWeights*>(&network)) adapter->adapt_weights(named.tensors);
  return named;
}

void load_named_weights(torch::nn::Module& network, const NamedForNetwork& named, const std::string& where,
                        const VisitNetworks& others) {
  const NamedTensors own = state_dict(network);
  const WeightsReport report = compare_weights(own, named.tensors);
  if (!report.fits()) {
    throw InputError(where, "the weights of this " + std::to_string(own.size()) + "-tensor network", report.summary(),
                     weights_advice(network, named, others));
  }
  if (const auto names = not_finite_names(named.tensors); !names.empty()) {
    const std::string more = names.size() > 1 ? ", as in " + std::to_string(names.size() - 1) + " more" : "";
    throw InputError(where + ": " + names.front(), "finite values", "NaN or infinity" + more,
                     "the weights are damaged; download or train them again");
  }
  load_state_dict(network, named.tensors, where);
}

}  // namespace fovea
