#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/nn/classifier.h>
#include <fovea/options/names.h>
#include <fovea/weights/internal/key_origin.h>
#include <fovea/weights/state_dict.h>
#include <fovea/weights/weights_advice.h>

namespace fovea {
namespace {

using Names = std::vector<std::string>;
using Renames = std::vector<Rename>;
using Exempt = std::function<bool(const std::string&)>;

constexpr std::size_t kMostRounds = 4;          // of renames, each of which improves on the last
constexpr std::size_t kMostKeysTried = 50'000;  // keys times candidates of a round: a file may have any number
constexpr std::size_t kMostCandidates = 32;

/// Names that last layers have in other programs, the most frequent first.
constexpr std::array<const char*, 9> kLastLayers{"fc",      "fc.1", "last_linear", "linear",      "classifier",
                                                 "head.fc", "head", "heads.head",  "classifier.1"};
/// Slowly updated copies of an encoder, which is itself in the file.
constexpr std::array<const char*, 3> kMomentumCopies{"encoder_k", "momentum_encoder", "target_encoder"};

/// Fit of a file to a network.
struct Fit {
  Names missing;              ///< tensors of the network without one of their name and shape in the file
  Names unexpected;           ///< tensors of the file that the network does not have
  std::size_t misshapen = 0;  ///< of `missing`, those with another shape or dtype

  std::size_t differences() const { return missing.size() + unexpected.size(); }
  /// True with fewer missing tensors, or as many and fewer unexpected ones.
  bool is_better_than(const Fit& other) const {
    return std::pair(missing.size(), unexpected.size()) < std::pair(other.missing.size(), other.unexpected.size());
  }
};

bool lies_below(const std::string& name, const std::string& module) {
  return !module.empty() && name.starts_with(module + ".");
}

std::string head_of(const torch::nn::Module& network) {
  const auto* classifier = dynamic_cast<const Classifier*>(&network);
  return classifier == nullptr ? "" : classifier->head();
}

/// True when the tensors differ in their first side at most, the number of classes.
bool differ_in_classes_alone(const torch::Tensor& own, const torch::Tensor& given) {
  return own.dim() > 0 && own.dim() == given.dim() && own.sizes().slice(1) == given.sizes().slice(1);
}

/// Fit of tensors by their names. A last layer for another number of classes fits, as networks are built for the file's.
Fit fit_of(const torch::nn::Module& network, const NamedTensors& given, const Exempt& exempt) {
  const std::string head = head_of(network);
  const NamedTensors own = state_dict(network);
  const WeightsReport report = compare_without_suggestions(own, given);
  Fit fit;
  const auto add_missing = [&](const std::string& name) {
    if (!exempt || !exempt(name)) fit.missing.push_back(name);
  };
  for (const std::string& name : report.missing) add_missing(name);
  for (const auto* mismatches : {&report.shape_mismatch, &report.dtype_mismatch}) {
    for (const auto& mismatch : *mismatches) {
      const std::string& name = mismatch.name;
      if (lies_below(name, head) && differ_in_classes_alone(own.at(name), given.at(name))) continue;
      const std::size_t before = fit.missing.size();
      add_missing(name);
      fit.misshapen += fit.missing.size() - before;
    }
  }
  for (const auto& other : report.unexpected) {
    if (!exempt || !exempt(other.name)) fit.unexpected.push_back(other.name);
  }
  return fit;
}

Renames with_renames(Renames first, const Renames& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// Fit of a file after renames; none when they give two tensors one name.
std::optional<Fit> fit_after(const torch::nn::Module& network, const WeightsFile& file, const Renames& renames,
                             const Exempt& exempt) {
  try {
    return fit_of(network, name_for(network, file, renames).tensors, exempt);
  } catch (const InputError&) {
    return std::nullopt;
  }
}

/// Paths of modules that names begin with, at most three components, those of the most names first.
Names common_beginnings(const Names& names) {
  std::map<std::string, std::size_t> counts;
  for (const std::string& name : names) {
    std::size_t dot = name.find('.');
    for (int depth = 0; depth < 3 && dot != std::string::npos; ++depth, dot = name.find('.', dot + 1))
      ++counts[name.substr(0, dot)];
  }
  const auto is_copy = [](const std::string& beginning) {
    return std::any_of(kMomentumCopies.begin(), kMomentumCopies.end(),
                       [&](const char* copy) { return beginning.find(copy) != std::string::npos; });
  };
  Names beginnings;
  for (const auto& [beginning, count] : counts) beginnings.push_back(beginning);
  std::stable_sort(beginnings.begin(), beginnings.end(), [&](const std::string& left, const std::string& right) {
    return std::pair(is_copy(left), counts.at(right)) < std::pair(is_copy(right), counts.at(left));
  });
  return beginnings;
}

/// Modules of the network that have tensors of their own or below them, in the order of their registration.
Names children_with_tensors(const torch::nn::Module& network) {
  Names names;
  for (const auto& child : network.named_children()) {
    if (!state_dict(*child.value()).empty()) names.push_back(child.key());
  }
  return names;
}

/// Renames for the layers of a network that were saved in a Sequential, as `beginning`.0, `beginning`.1, ...; empty when the
/// names are not of that kind. @param beginning with its dot, or empty.
Renames sequential_renames(const Names& names, const std::string& beginning, const Names& children) {
  std::set<std::int64_t> numbers;
  for (const std::string& name : names) {
    if (!name.starts_with(beginning)) continue;
    const std::string part = name.substr(beginning.size(), name.find('.', beginning.size()) - beginning.size());
    if (part.empty() || part.size() > 4 || part.find_first_not_of("0123456789") != std::string::npos) {
      if (!beginning.empty()) return {};
      continue;  // a last layer beside it
    }
    numbers.insert(std::stoll(part));
  }
  if (numbers.size() < 3 || numbers.size() > children.size()) return {};
  Renames renames;
  for (const std::int64_t number : numbers) {
    renames.push_back({beginning + std::to_string(number) + ".*", children[renames.size()] + ".*"});
  }
  return renames;
}

/// True when all names with the first component of the layer's are below the layer: it is no part of several layers.
bool stands_alone(const std::string& layer, const Names& names) {
  const std::string first = layer.substr(0, layer.find('.'));
  return std::all_of(names.begin(), names.end(),
                     [&](const std::string& name) { return !lies_below(name, first) || lies_below(name, layer); });
}

/// Renames of single layers whose weights have the shape of the network's last layer, but for the number of classes.
std::vector<Renames> last_layer_renames(const torch::nn::Module& network, const NamedTensors& given,
                                        const Names& unexpected) {
  const std::string head = head_of(network);
  const NamedTensors own = state_dict(network);
  const auto weight = own.find(head + ".weight");
  if (head.empty() || weight == own.end()) return {};
  constexpr std::string_view kWeight = ".weight";
  Names layers;
  for (const std::string& name : unexpected) {
    const auto found = given.find(name);
    if (found == given.end() || !name.ends_with(kWeight)) continue;
    const std::string layer = name.substr(0, name.size() - kWeight.size());
    if (differ_in_classes_alone(weight->second, found->second) && stands_alone(layer, unexpected)) layers.push_back(layer);
  }
  const auto rank = [](const std::string& layer) {
    return std::find(kLastLayers.begin(), kLastLayers.end(), layer) - kLastLayers.begin();
  };
  std::stable_sort(layers.begin(), layers.end(),
                   [&](const std::string& left, const std::string& right) { return rank(left) < rank(right); });
  std::vector<Renames> candidates;
  for (const std::string& layer : layers) candidates.push_back({{layer, head}});
  return candidates;
}

/// Renames that skip the unexpected keys: the shortest beginnings that no other key has. @param keys of the file.
Renames skipping_renames(const Names& keys, const Names& unexpected) {
  const std::set<std::string> skipped(unexpected.begin(), unexpected.end());
  std::set<std::string> beginnings;  // of the keys that stay
  for (const std::string& key : keys) {
    if (skipped.contains(key)) continue;
    for (std::size_t dot = key.find('.'); dot != std::string::npos; dot = key.find('.', dot + 1))
      beginnings.insert(key.substr(0, dot));
  }
  std::set<std::string> patterns;
  Renames renames;
  for (const std::string& key : unexpected) {
    std::string pattern = key;
    for (std::size_t dot = key.find('.'); dot != std::string::npos; dot = key.find('.', dot + 1)) {
      if (beginnings.contains(key.substr(0, dot))) continue;
      pattern = key.substr(0, dot) + ".*";
      break;
    }
    if (patterns.insert(pattern).second) renames.push_back({pattern, ""});
  }
  return renames;
}

/// "the rename a=b" or "the renames a=b, c= and 2 more".
std::string renames_text(const Renames& renames) {
  constexpr std::size_t kShown = 8;
  Names texts;
  for (std::size_t i = 0; i < std::min(renames.size(), kShown); ++i) texts.push_back(rename_text(renames[i]));
  if (renames.size() > kShown) texts.push_back(std::to_string(renames.size() - kShown) + " more");
  return (renames.size() > 1 ? "the renames " : "the rename ") + join_names(texts);
}

/// "(0 instead of 120 tensors missing)".
std::string numbers_text(const Fit& before, const Fit& after) {
  const auto pair = [](std::size_t now, std::size_t then) {
    return std::to_string(now) + " instead of " + std::to_string(then);
  };
  Names parts;
  if (before.missing.size() != after.missing.size()) {
    const bool misshapen = before.misshapen + after.misshapen > 0;
    parts.push_back(pair(after.missing.size(), before.missing.size()) + " tensors missing" +
                    (misshapen ? " or of another shape" : ""));
  }
  if (before.unexpected.size() != after.unexpected.size())
    parts.push_back(pair(after.unexpected.size(), before.unexpected.size()) + " unexpected");
  return parts.empty() ? "" : " (" + join_names(parts) + ")";
}

/// Search for the renames that leave the fewest tensors missing, one step after the other.
class RenameSearch {
 public:
  RenameSearch(const torch::nn::Module& network, const NamedForNetwork& named, Exempt exempt)
      : network_(network), file_(named.file), renames_(named.renames), exempt_(std::move(exempt)) {
    fit_ = fit_of(network, named.tensors, exempt_);
    first_fit_ = fit_;
    for (std::size_t round = 0; round < kMostRounds && !fit_.missing.empty(); ++round) {
      if (!improve(candidates())) break;
    }
  }

  const Fit& first_fit() const { return first_fit_; }
  const Fit& fit() const { return fit_; }
  const WeightsFile& file() const { return file_; }
  /// Renames of the user.
  const Renames& renames() const { return renames_; }
  /// Renames that were found, behind those of the user.
  const Renames& added() const { return added_; }
  Renames all_renames() const { return with_renames(renames_, added_); }

  /// Adds renames that skip all unexpected tensors, if there are any.
  bool skip_unexpected() {
    if (fit_.unexpected.empty()) return false;
    const Renames skipping = skipping_renames(keys(), fit_.unexpected);
    const auto after = fit_after(network_, file_, with_renames(all_renames(), skipping), exempt_);
    if (!after || after->missing.size() > fit_.missing.size() || !after->unexpected.empty()) return false;
    fit_ = *after;
    added_ = with_renames(added_, skipping);
    return true;
  }

 private:
  Names keys() const {
    Names names;
    for (const auto& [name, tensor] : renamed_tensors(file_, all_renames())) names.push_back(name);
    return names;
  }

  /// Renames to try next, each a few that belong together.
  std::vector<Renames> candidates() const {
    const NamedTensors given = renamed_tensors(file_, all_renames());
    std::vector<Renames> candidates = last_layer_renames(network_, given, fit_.unexpected);
    const Names children = children_with_tensors(network_);
    Names beginnings = common_beginnings(fit_.unexpected);
    beginnings.resize(std::min(beginnings.size(), kMostCandidates));
    candidates.push_back(sequential_renames(fit_.unexpected, "", children));
    for (const std::string& beginning : beginnings) {
      candidates.push_back({{beginning, ""}});
      candidates.push_back(sequential_renames(fit_.unexpected, beginning + ".", children));
    }
    std::erase_if(candidates, [](const Renames& renames) { return renames.empty(); });
    const std::size_t most = std::clamp<std::size_t>(kMostKeysTried / (given.size() + 1), 4, 2 * kMostCandidates);
    if (candidates.size() > most) candidates.resize(most);
    return candidates;
  }

  bool improve(const std::vector<Renames>& candidates) {
    std::optional<Fit> best;
    const Renames* chosen = nullptr;
    for (const Renames& candidate : candidates) {
      const auto fit = fit_after(network_, file_, with_renames(all_renames(), candidate), exempt_);
      if (!fit || fit->missing.size() >= fit_.missing.size() || (best && !fit->is_better_than(*best))) continue;
      best = fit;
      chosen = &candidate;
    }
    if (chosen == nullptr) return false;
    fit_ = *best;
    added_ = with_renames(added_, *chosen);
    return true;
  }

  const torch::nn::Module& network_;
  const WeightsFile& file_;
  const Renames& renames_;
  Exempt exempt_;
  Renames added_;
  Fit first_fit_;
  Fit fit_;
};

/// The network among `others` that fits the file better than after the renames of the search; empty when none does.
std::string better_network(const RenameSearch& search, const VisitNetworks& others) {
  std::string text;
  std::optional<Fit> best;
  const auto consider = [&](const std::string& name, const torch::nn::Module& network) {
    const std::size_t size = state_dict(network).size();
    for (const bool with_added : {false, true}) {
      if (with_added && search.added().empty()) continue;
      const auto fit = fit_after(network, search.file(), with_added ? search.all_renames() : search.renames(), {});
      if (!fit || 2 * fit->missing.size() > size || fit->differences() >= search.fit().differences()) continue;
      if (best && fit->differences() >= best->differences()) continue;
      best = fit;
      text = "the weights are rather those of " + name + (with_added ? ", with " + renames_text(search.added()) : "") +
             numbers_text(search.first_fit(), *fit);
    }
  };
  others(consider);
  return text;
}

/// Advice where nothing but one mismatch is wrong; empty in any other case.
std::string advice_on_one_mismatch(const NamedTensors& own, const NamedTensors& given) {
  const WeightsReport report = compare_without_suggestions(own, given);
  if (!report.missing.empty() || !report.unexpected.empty()) return "";
  if (report.shape_mismatch.empty()) return "in Python, save them with .float()";
  if (!report.dtype_mismatch.empty() || report.shape_mismatch.size() != 1) return "";
  const std::string& name = report.shape_mismatch.front().name;
  const auto here = own.at(name).sizes(), there = given.at(name).sizes();
  if (here.size() != 4 || there.size() != 4 || here[0] != there[0] || here[1] == there[1] || there[1] == 0) return "";
  if (here.slice(2) != there.slice(2)) return "";
  return "the weights are for images with " + std::to_string(there[1]) + (there[1] == 1 ? " channel" : " channels") +
         "; train.init with input: adapt converts them";
}

/// Advice of the renames that were found, and on what is left; empty when nothing helps.
std::string rename_advice(RenameSearch& search, const std::string& head) {
  const bool had_renames = !search.added().empty();
  const auto is_of_head = [&](const std::string& name) { return lies_below(name, head); };
  const bool only_head_missing = std::all_of(search.fit().missing.begin(), search.fit().missing.end(), is_of_head);
  const bool skips = only_head_missing && search.skip_unexpected();
  Names parts;
  if (!search.added().empty()) {
    const std::string sure = skips && !had_renames ? ", if these tensors are no part of the network" : "";
    parts.push_back((had_renames ? "add " : "skip the unexpected tensors with ") + renames_text(search.added()) +
                    numbers_text(search.first_fit(), search.fit()) + sure);
  }
  if (only_head_missing && !search.fit().missing.empty()) {
    const char* then = parts.empty() ? "only the last layer, " : "then only the last layer, ";
    parts.push_back(then + head + ", is missing: train.init with head: replace starts with a new one");
  }
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

}  // namespace

std::string advice_on_described(const ModelDescription& description) {
  const std::string attention = attention_name(description.model);
  const ConfigNode* name = description.model.find("name");
  return "the file says that it is of " + (name == nullptr ? "a network without a name" : name->scalar) +
         (attention.empty() ? "" : " with attention " + attention) +
         ": choose the same network and options, or open the file itself as the model";
}

std::string weights_advice(const torch::nn::Module& network, const NamedForNetwork& named, const VisitNetworks& others,
                           const std::function<bool(const std::string& name)>& exempt) {
  const std::string one_mismatch = advice_on_one_mismatch(state_dict(network), named.tensors);
  if (!one_mismatch.empty()) return one_mismatch;
  const std::string unknown =
      "the file belongs to another architecture, or its keys need renames; see the full report on its keys";
  if (named.file.tensors.empty()) return unknown;
  const Metadata& metadata = named.file.metadata;
  if (has_description(metadata)) return advice_on_described(read_description(metadata, named.file.path));

  Names keys;
  for (const auto& [name, tensor] : named.file.tensors) keys.push_back(name);
  const auto origin = origin_of_keys(keys);
  const std::string whose = origin ? std::string(origin->keys) + "; " : "";
  RenameSearch search(network, named, exempt);
  if (others && search.fit().differences() > 0) {
    if (const std::string better = better_network(search, others); !better.empty()) return whose + better;
  }
  const std::string advice = rename_advice(search, head_of(network));
  if (!advice.empty()) return whose + advice;
  return origin ? whose + origin->advice : unknown;
}

}  // namespace fovea
