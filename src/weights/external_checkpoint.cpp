#include <algorithm>

#include <fovea/base/error.h>
#include <fovea/options/names.h>
#include <fovea/weights/external_checkpoint.h>
#include <fovea/weights/map_keys.h>
#include <fovea/weights/state_dict.h>

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

/// Prefix of the file's keys in front of the network's names; empty when there is none.
std::string common_prefix(const WeightsReport& report, const NamedTensors& own) {
  for (const auto& other : report.unexpected) {
    for (std::size_t dot = other.name.find('.'); dot != std::string::npos; dot = other.name.find('.', dot + 1)) {
      if (own.contains(other.name.substr(dot + 1))) return other.name.substr(0, dot);
    }
  }
  return "";
}

/// Advice for the most likely cause.
std::string advice_on(const WeightsReport& report, const NamedTensors& own, const NamedTensors& given) {
  if (const std::string prefix = common_prefix(report, own); !prefix.empty()) return "add the rename " + prefix + "=";
  const bool only_mismatches = report.missing.empty() && report.unexpected.empty();
  if (only_mismatches && report.shape_mismatch.empty()) return "in Python, save them with .float()";
  if (only_mismatches && report.dtype_mismatch.empty() && report.shape_mismatch.size() == 1) {
    const std::string& name = report.shape_mismatch.front().name;
    const auto here = own.at(name).sizes(), there = given.at(name).sizes();
    if (here.size() == 4 && there.size() == 4 && here[0] == there[0] && here[1] != there[1]) {
      return "the weights are for images with " + std::to_string(there[1]) +
             " channels; train.init with input: adapt converts them";
    }
  }
  return "the file belongs to another architecture, or its keys need renames; see the full report on its keys";
}

}  // namespace

NamedForNetwork name_for(const torch::nn::Module& network, const WeightsFile& file, const std::vector<Rename>& renames) {
  const NamedTensors own = state_dict(network);
  const NamedTensors given = renamed_tensors(file, renames);
  NamedForNetwork named{given, ""};
  for (const KeyMapping& mapping : key_mappings_of(network)) {
    auto translated = to_own_names(mapping, own, given);
    if (!translated) continue;
    const bool is_said = mapping.name == file.mapping;
    if (!is_said && count_known(own, *translated) <= count_known(own, named.tensors)) continue;
    named = {std::move(*translated), mapping.name};
    if (is_said) break;
  }
  add_batch_counters(named.tensors, own);
  if (const auto* adapter = dynamic_cast<const AdaptsWeights*>(&network)) adapter->adapt_weights(named.tensors);
  return named;
}

void load_named_weights(torch::nn::Module& network, const NamedForNetwork& named, const std::string& where) {
  const NamedTensors own = state_dict(network);
  const WeightsReport report = compare_weights(own, named.tensors);
  if (!report.fits()) {
    throw InputError(where, "the weights of this " + std::to_string(own.size()) + "-tensor network", report.summary(),
                     advice_on(report, own, named.tensors));
  }
  if (const auto names = not_finite_names(named.tensors); !names.empty()) {
    const std::string more = names.size() > 1 ? ", as in " + std::to_string(names.size() - 1) + " more" : "";
    throw InputError(where + ": " + names.front(), "finite values", "NaN or infinity" + more,
                     "the weights are damaged; download or train them again");
  }
  load_state_dict(network, named.tensors, where);
}

}  // namespace fovea
