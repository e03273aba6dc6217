#include <algorithm>

#include <fovea/base/error.h>
#include <fovea/models/attention_field.h>

namespace fovea {
namespace {

/// Keys of an entry: those of every mechanism, and the options of its own.
struct InsertionFields {
  explicit InsertionFields(InsertedMechanism& target) : entry(target) {}
  InsertedMechanism& entry;

  void visit_fields(FieldVisitor& fields) {
    fields.choice("at", entry.at,
                  {{"input", InsertionKind::input},
                   {"block", InsertionKind::block},
                   {"conv", InsertionKind::conv},
                   {"stage", InsertionKind::stage},
                   {"pool", InsertionKind::pool}},
                  "kind of insertion point");
    fields.integers("stages", entry.stages, {1, 64}, {0, 64}, "numbers of the stages with the mechanism; empty = all");
    if (std::holds_alternative<GateBuilder>(entry.row->build)) {
      fields.choice("init", entry.init, {{"standard", GateStart::standard}, {"identity", GateStart::identity}},
                    "initialisation of the gate; identity: changes nothing at first, for a trained network");
    }
    entry.options->visit_fields(fields);
  }
};

std::string kind_names(const std::vector<InsertionKind>& kinds) {
  std::vector<std::string> names;
  for (const InsertionKind kind : kinds) names.emplace_back(to_string(kind));
  return join_names(names);
}

InsertedMechanism read_entry(const ConfigNode& value, const std::string& path) {
  InsertedMechanism entry;
  entry.origin = value.origin + ": " + path;
  const SectionName section = section_name(value, path);
  entry.row = &find_mechanism(section.name, section.where);
  entry.options = entry.row->make_options();
  const std::vector<InsertionKind> kinds = entry.row->insertion_kinds();
  entry.at = kinds.front();
  if (section.has_options) {
    InsertionFields fields(entry);
    read_fields(fields, value, path, {"name"});
  }
  if (std::find(kinds.begin(), kinds.end(), entry.at) == kinds.end()) {
    throw InputError(entry.origin + ".at", kind_names(kinds) + " for '" + section.name + "', a " + entry.row->kind(),
                     std::string("'") + to_string(entry.at) + "'");
  }
  return entry;
}

bool meant_for(const InsertedMechanism& entry, const InsertionPoint& point) {
  if (entry.at != point.kind) return false;
  const auto& stages = entry.stages;
  return stages.empty() || std::find(stages.begin(), stages.end(), point.stage) != stages.end();
}

/// The entry's module for the insertion point; errors name the entry.
template <typename Builder>
typename Builder::result_type build_entry(const Builder& build, const InsertedMechanism& entry,
                                          const InsertionPoint& point) {
  expect_size_fits(*entry.row, *entry.options, point, entry.origin);
  typename Builder::result_type module;
  try {
    module = build(*entry.options, point);
  } catch (const InputError& error) {
    throw InputError(entry.origin + ": " + point.path + ": " + error.what());
  }
  if constexpr (std::is_same_v<Builder, GateBuilder>) {
    if (entry.init == GateStart::identity) module->start_as_identity();
  }
  return module;
}

}  // namespace

void AttentionField::read(const ConfigNode& value, const std::string& path) {
  entries.clear();
  const ConfigNode* name = value.kind == ConfigNode::Kind::map ? value.find("name") : &value;
  if (value.kind == ConfigNode::Kind::null || (name != nullptr && name->scalar == "none")) return;
  if (value.kind != ConfigNode::Kind::list) {
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
  for (InsertedMechanism& entry : entries) {
    Json map = {{"name", entry.row->name}};
    InsertionFields fields(entry);
    map.update(write_fields(fields));
    list.push_back(std::move(map));
  }
  if (list.size() == 1) return list.front();  // a map, so that model.attention.name can be overridden
  return list;
}

std::string AttentionField::allowed() const {
  return "none, the name of a block, {name, at, stages, and its options}, or a list of these";
}

std::vector<NamedFields> AttentionField::implementations() const {
  std::vector<NamedFields> implementations;
  for (const MechanismRow& row : mechanism_registry()) {
    implementations.push_back({row.name, describe_fields(*row.make_options())});
  }
  return implementations;
}

ConfiguredAttention::ConfiguredAttention(const AttentionField& attention)
    : attention_(attention), inserted_(attention.entries.size()) {}

template <typename Builder>
auto ConfiguredAttention::build_all(const InsertionPoint& point) {
  std::vector<std::size_t> meeting;
  for (std::size_t i = 0; i < attention_.entries.size(); ++i) {
    const InsertedMechanism& entry = attention_.entries[i];
    if (std::holds_alternative<Builder>(entry.row->build) && meant_for(entry, point)) meeting.push_back(i);
  }
  std::vector<typename Builder::result_type> modules;
  for (const std::size_t i : meeting) {
    const InsertedMechanism& entry = attention_.entries[i];
    InsertionPoint own = point;  // its path is the module's name in a GateChain and the key of its random draws
    if (meeting.size() > 1) own.path += "." + std::to_string(modules.size());
    modules.push_back(build_entry(std::get<Builder>(entry.row->build), entry, own));
    inserted_[i].insert(point.stage);
  }
  return modules;
}

template <typename Builder>
auto ConfiguredAttention::build_one(const InsertionPoint& point) {
  auto modules = build_all<Builder>(point);
  if (modules.size() > 1) {
    throw InputError("model.attention", std::string("one mechanism at '") + to_string(point.kind) + "' (" + point.path + ")",
                     std::to_string(modules.size()), "choose one, or give them different stages");
  }
  return modules.empty() ? nullptr : modules.front();
}

std::shared_ptr<Gate> ConfiguredAttention::gate(const InsertionPoint& point) {
  auto gates = build_all<GateBuilder>(point);
  if (gates.size() > 1) return std::make_shared<GateChainImpl>(std::move(gates));
  return gates.empty() ? nullptr : gates.front();
}

std::shared_ptr<Mixer> ConfiguredAttention::mixer(const InsertionPoint& point) {
  return build_one<MixerBuilder>(point);
}

std::shared_ptr<Pool> ConfiguredAttention::pool(const InsertionPoint& point) {
  return build_one<PoolBuilder>(point);
}

std::shared_ptr<Warp> ConfiguredAttention::warp(const InsertionPoint& point) {
  return build_one<WarpBuilder>(point);
}

bool ConfiguredAttention::has_pool() const {
  const auto& entries = attention_.entries;
  return std::any_of(entries.begin(), entries.end(),
                     [](const InsertedMechanism& entry) { return entry.at == InsertionKind::pool && entry.stages.empty(); });
}

void ConfiguredAttention::expect_all_inserted(const std::string& network) const {
  for (std::size_t i = 0; i < inserted_.size(); ++i) {
    const InsertedMechanism& entry = attention_.entries[i];
    std::string missing;
    for (const std::int64_t stage : entry.stages) {
      if (!inserted_[i].contains(stage)) missing += (missing.empty() ? " in stages " : ", ") + std::to_string(stage);
    }
    if (!inserted_[i].empty() && missing.empty()) continue;
    throw InputError(entry.origin, "an insertion point for '" + entry.row->name + "' in " + network,
                     std::string("no '") + to_string(entry.at) + "'" + missing, "change at or stages");
  }
}

}  // namespace fovea
