#include <algorithm>
#include <filesystem>
#include <optional>

#include <fovea/base/error.h>
#include <fovea/train/checkpoint.h>
#include <fovea/weights/safetensors.h>
#include <fovea/weights/state_dict.h>

namespace fovea {
namespace {

constexpr const char* kStateKey = "fovea.checkpoint";
constexpr int kFormat = 3;

/// The groups of tensors of a checkpoint, each under its prefix.
template <typename State, typename Visit>
void visit_groups(State& checkpoint, const Visit& visit) {
  visit("model", checkpoint.model);
  visit("optimizer", checkpoint.optimizer);
  visit("average", checkpoint.average);
  visit("selected", checkpoint.selected);
  visit("images", checkpoint.images);
}

/// The first leaf in which two documents differ.
struct Difference {
  std::string key;  ///< "train.batch_size"
  std::string there;
  std::string here;
};

std::optional<Difference> first_difference(const Json& there, const Json& here, const std::string& path) {
  const auto name_of = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  const bool same_length = there.is_array() && here.is_array() && there.size() == here.size();
  if (same_length || (there.is_object() && here.is_object())) {
    for (const auto& [key, value] : there.items()) {
      const bool known = here.is_array() || here.contains(key);
      const Json& other = here.is_array() ? here.at(std::stoul(key)) : known ? here.at(key) : Json();
      if (auto difference = first_difference(value, other, name_of(key))) return difference;
    }
    for (const auto& [key, value] : here.items()) {  // of a later version
      if (here.is_object() && !there.contains(key)) return Difference{name_of(key), "none", value.dump()};
    }
    return std::nullopt;
  }
  if (there == here) return std::nullopt;
  return Difference{path, there.dump(), here.dump()};
}

Json counters(const Checkpoint& checkpoint) {
  Json best = nullptr;
  if (checkpoint.best) {
    best = {
        {"epoch", checkpoint.best->epoch}, {"val_top1", checkpoint.best->val_top1}, {"val_loss", checkpoint.best->val_loss}};
  }
  Json validation = Json::array();
  for (const ValidationScore& score : checkpoint.validation) validation.push_back({score.loss, score.top1});
  Json tensors = Json::object();
  visit_groups(checkpoint, [&](const char* group, const NamedTensors& members) { tensors[group] = members.size(); });
  Json parts = Json::object();
  for (const auto& [name, part] : checkpoint.sums.parts) parts[name] = {part.sum, part.images};
  return {{"format", kFormat},
          {"config", checkpoint.config},
          {"tensors", tensors},
          {"epoch", checkpoint.epoch},
          {"batch", checkpoint.batch},
          {"loss", checkpoint.sums.loss},
          {"correct", checkpoint.sums.correct},
          {"images", checkpoint.sums.images},
          {"parts", parts},
          {"seconds", checkpoint.seconds},
          {"train_seconds", checkpoint.train_seconds},
          {"epoch_seconds", checkpoint.epoch_seconds},
          {"best", best},
          {"validation", validation}};
}

/// @throws InputError when the counters are those of another configuration or format.
void expect_same_configuration(const Json& state, const Json& config, const std::string& path) {
  if (state.at("format") != kFormat) {
    throw InputError(path + ": format", std::to_string(kFormat), state.at("format").dump(),
                     "the checkpoint was written by another version of fovea; choose another output folder");
  }
  const std::optional<Difference> difference = first_difference(state.at("config"), config, "");
  if (!difference) return;
  const auto& [key, there, here] = *difference;
  if (key.starts_with("images.")) {
    const bool same_number = key.ends_with("fingerprint");
    throw InputError(path, "the images that the run began with",
                     same_number ? "as many, some of them with another name, size, label or content"
                                 : here + " in place of " + there + " images (" + key.substr(7) + ")",
                     "restore them, or choose another output folder");
  }
  const std::string run = std::filesystem::path(path).parent_path().string();
  const bool longer = key == "train.epochs";
  throw InputError(path, "a checkpoint of this configuration", key + ": " + there + " there, " + here + " here",
                   longer ? "schedules depend on the number of epochs; to train the weights further, start another run with "
                            "train.init: {weights: " +
                                run + ", head: keep}"
                          : "use the same configuration, or another output folder");
}

/// Inverse of counters(). @throws Json::exception for a damaged document.
Checkpoint read_counters(const Json& state) {
  Checkpoint checkpoint;
  checkpoint.config = state.at("config");
  state.at("epoch").get_to(checkpoint.epoch);
  state.at("batch").get_to(checkpoint.batch);
  state.at("loss").get_to(checkpoint.sums.loss);
  state.at("correct").get_to(checkpoint.sums.correct);
  state.at("images").get_to(checkpoint.sums.images);
  const Json parts = state.value("parts", Json::object());  // none in files of earlier versions
  for (const auto& [name, part] : parts.items()) {
    checkpoint.sums.parts[name] = {part.at(0).get<double>(), part.at(1).get<std::int64_t>()};
  }
  state.at("seconds").get_to(checkpoint.seconds);
  state.at("train_seconds").get_to(checkpoint.train_seconds);
  state.at("epoch_seconds").get_to(checkpoint.epoch_seconds);
  if (const Json& best = state.at("best"); !best.is_null()) {
    checkpoint.best = {best.at("epoch").get<std::int64_t>(), best.at("val_top1").get<double>(),
                       best.at("val_loss").get<double>()};
  }
  for (const Json& score : state.at("validation")) {
    checkpoint.validation.push_back({score.at(0).get<double>(), score.at(1).get<double>()});
  }
  return checkpoint;
}

/// @param counts of the tensors of each group. @throws InputError when there are more or fewer.
void read_groups(const SafetensorsFile& file, const Json& counts, Checkpoint& checkpoint) {
  const NamedTensors tensors = file.tensors();
  std::size_t known = 0;
  visit_groups(checkpoint, [&](const std::string& group, NamedTensors& members) {
    members = with_prefix_removed(tensors, group + ".");
    known += members.size();
    const auto expected = counts.at(group).get<std::size_t>();
    if (members.size() == expected) return;
    throw InputError(file.path() + ": " + group, std::to_string(expected) + " tensors", std::to_string(members.size()),
                     "the file is damaged");
  });
  if (known == tensors.size()) return;
  throw InputError(file.path(), std::to_string(known) + " tensors of a checkpoint", std::to_string(tensors.size()),
                   "the file is damaged");
}

/// @throws InputError for counts that no training has.
void expect_possible_counts(const Checkpoint& checkpoint, const std::string& where) {
  const StepSums& sums = checkpoint.sums;
  const bool parts_fit = std::all_of(sums.parts.begin(), sums.parts.end(), [&](const auto& part) {
    return part.second.images >= 0 && part.second.images <= sums.images;
  });
  if (checkpoint.epoch >= 0 && checkpoint.batch >= 0 && sums.correct >= 0 && sums.images >= sums.correct && parts_fit)
    return;
  std::string got = "epoch " + std::to_string(checkpoint.epoch) + ", batch " + std::to_string(checkpoint.batch) + ", " +
                    std::to_string(sums.correct) + " correct of " + std::to_string(sums.images) + " images";
  for (const auto& [name, part] : sums.parts) got += ", " + name + " of " + std::to_string(part.images);
  throw InputError(where, "counters >= 0 of no more images than the batches have", got, "the file is damaged");
}

}  // namespace

void write_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  NamedTensors tensors;
  visit_groups(checkpoint, [&](const std::string& group, const NamedTensors& members) {
    add_with_prefix(tensors, members, group + ".");
  });
  write_checked_safetensors(path, tensors, {{kStateKey, counters(checkpoint).dump()}});
}

Checkpoint read_checkpoint(const std::string& path, const Json& config) {
  const SafetensorsFile file(path);
  const auto found = file.metadata().find(kStateKey);
  if (found == file.metadata().end())
    throw InputError(path, "a checkpoint written by fovea", "another safetensors file", "choose another output folder");

  const std::string where = path + ": " + kStateKey;
  Checkpoint checkpoint;
  try {
    const Json state = Json::parse(found->second);
    expect_same_configuration(state, config, path);
    if (!file.is_checked()) throw InputError(path, "a checksum", "none", "the file is damaged");
    checkpoint = read_counters(state);
    read_groups(file, state.at("tensors"), checkpoint);
  } catch (const Json::exception&) {
    throw InputError(where, "the counters of a checkpoint", "another document", "the file is damaged");
  }
  expect_possible_counts(checkpoint, where);
  return checkpoint;
}

}  // namespace fovea
