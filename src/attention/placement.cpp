#include <algorithm>

#include <fovea/attention/placement.h>
#include <fovea/base/error.h>

namespace fovea {
namespace {

/// The keys that every entry has, whatever its mechanism.
struct PlaceFields : Options {
  explicit PlaceFields(PlacedMechanism& target) : entry(target) {}
  PlacedMechanism& entry;

  void visit_fields(FieldVisitor& fields) override {
    fields.choice(
        "at", entry.at,
        {{"input", Slot::input}, {"block", Slot::block}, {"conv", Slot::conv}, {"stage", Slot::stage}, {"pool", Slot::pool}},
        "where in the network");
    fields.integers("stages", entry.stages, {1, 64}, {0, 64}, "numbers of the stages to go into; empty = all");
    if (std::holds_alternative<GateBuilder>(entry.row->build)) {
      fields.choice("init", entry.init, {{"standard", GateStart::standard}, {"identity", GateStart::identity}},
                    "how a gate starts; identity: changing nothing, to join a trained network");
    }
    entry.options->visit_fields(fields);
  }
};

std::string slot_names(const std::vector<Slot>& slots) {
  std::vector<std::string> names;
  for (const Slot slot : slots) names.emplace_back(to_string(slot));
  return join_names(names);
}

PlacedMechanism read_entry(const Value& value, const std::string& path) {
  PlacedMechanism entry;
  entry.origin = value.origin + ": " + path;
  const SectionName section = section_name(value, path);
  entry.row = &find_mechanism(section.name, section.where);
  entry.options = entry.row->make_options();
  const std::vector<Slot> slots = entry.row->slots();
  entry.at = slots.front();
  if (section.has_options) {
    PlaceFields fields(entry);
    read_fields(fields, value, path, {"name"});
  }
  if (std::find(slots.begin(), slots.end(), entry.at) == slots.end()) {
    throw InputError(entry.origin + ".at", slot_names(slots) + " for '" + section.name + "', a " + entry.row->kind(),
                     std::string("'") + to_string(entry.at) + "'");
  }
  return entry;
}

bool meant_for(const PlacedMechanism& entry, const Site& site) {
  if (entry.at != site.slot) return false;
  const auto& stages = entry.stages;
  return stages.empty() || std::find(stages.begin(), stages.end(), site.stage) != stages.end();
}

/// The entry's module for the site; what does not fit there is an error at the entry.
template <typename Builder>
typename Builder::result_type build_entry(const Builder& build, const PlacedMechanism& entry, const Site& site) {
  expect_cells_fit(*entry.row, *entry.options, site, entry.origin);
  typename Builder::result_type module;
  try {
    module = build(*entry.options, site);
  } catch (const InputError& error) {
    throw InputError(entry.origin + ": " + site.path + ": " + error.what());
  }
  if constexpr (std::is_same_v<Builder, GateBuilder>) {
    if (entry.init == GateStart::identity) module->start_as_identity();
  }
  return module;
}

}  // namespace

void AttentionField::read(const Value& value, const std::string& path) {
  entries.clear();
  const Value* name = value.kind == Value::Kind::map ? value.find("name") : &value;
  if (value.kind == Value::Kind::null || (name != nullptr && name->scalar == "none")) return;
  if (value.kind != Value::Kind::list) {
    entries.push_back(read_entry(value, path));
    return;
  }
  for (std::size_t i = 0; i < value.list.size(); ++i) {
    entries.push_back(read_entry(value.list[i], path + "." + std::to_string(i)));
  }
}

Json AttentionField::write() {
  if (entries.empty()) return "none";
  Json list = Json::array();
  for (PlacedMechanism& entry : entries) {
    Json map = {{"name", entry.row->name}};
    PlaceFields fields(entry);
    map.update(write_fields(fields));
    list.push_back(std::move(map));
  }
  if (list.size() == 1) return list.front();  // so that --set model.attention.name=... works on a resolved configuration
  return list;
}

ConfiguredSlots::ConfiguredSlots(const AttentionField& attention)
    : attention_(attention), placed_(attention.entries.size()) {}

template <typename Builder>
auto ConfiguredSlots::build_all(const Site& site) {
  std::vector<std::size_t> meeting;
  for (std::size_t i = 0; i < attention_.entries.size(); ++i) {
    const PlacedMechanism& entry = attention_.entries[i];
    if (std::holds_alternative<Builder>(entry.row->build) && meant_for(entry, site)) meeting.push_back(i);
  }
  std::vector<typename Builder::result_type> modules;
  for (const std::size_t i : meeting) {
    const PlacedMechanism& entry = attention_.entries[i];
    Site own = site;  // its path is the module's name in a GateChain, and what its random draws depend on
    if (meeting.size() > 1) own.path += "." + std::to_string(modules.size());
    modules.push_back(build_entry(std::get<Builder>(entry.row->build), entry, own));
    placed_[i].insert(site.stage);
  }
  return modules;
}

template <typename Builder>
auto ConfiguredSlots::build_one(const Site& site) {
  auto modules = build_all<Builder>(site);
  if (modules.size() > 1) {
    throw InputError("model.attention", std::string("one mechanism at '") + to_string(site.slot) + "' (" + site.path + ")",
                     std::to_string(modules.size()), "choose one, or give them different stages");
  }
  return modules.empty() ? nullptr : modules.front();
}

std::shared_ptr<Gate> ConfiguredSlots::gate(const Site& site) {
  auto gates = build_all<GateBuilder>(site);
  if (gates.size() > 1) return std::make_shared<GateChain>(std::move(gates));
  return gates.empty() ? nullptr : gates.front();
}

std::shared_ptr<Mixer> ConfiguredSlots::mixer(const Site& site) {
  return build_one<MixerBuilder>(site);
}

std::shared_ptr<Pool> ConfiguredSlots::pool(const Site& site) {
  return build_one<PoolBuilder>(site);
}

std::shared_ptr<Warp> ConfiguredSlots::warp(const Site& site) {
  return build_one<WarpBuilder>(site);
}

bool ConfiguredSlots::has_pool() const {
  const auto& entries = attention_.entries;
  return std::any_of(entries.begin(), entries.end(),
                     [](const PlacedMechanism& entry) { return entry.at == Slot::pool && entry.stages.empty(); });
}

void ConfiguredSlots::expect_all_placed(const std::string& network) const {
  for (std::size_t i = 0; i < placed_.size(); ++i) {
    const PlacedMechanism& entry = attention_.entries[i];
    std::string missing;
    for (const std::int64_t stage : entry.stages) {
      if (!placed_[i].contains(stage)) missing += (missing.empty() ? " in stages " : ", ") + std::to_string(stage);
    }
    if (!placed_[i].empty() && missing.empty()) continue;
    throw InputError(entry.origin, "a place for '" + entry.row->name + "' in " + network,
                     std::string("no '") + to_string(entry.at) + "'" + missing, "change at or stages");
  }
}

}  // namespace fovea
