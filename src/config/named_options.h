#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fovea/config/fields.h>

namespace fovea {

/// A section that selects one of several implementations and has its options: `optimizer: {name: sgd, momentum: 0.9}`. An
/// option of another implementation is an unknown key. A bare name is the short form.
/// @tparam Base common base of the implementations' options; derives from Options.
template <typename Base>
class NamedOptions final : public CustomField {
 public:
  struct Row {
    std::string name;
    std::function<std::shared_ptr<Base>()> make;
  };

  /// The first row is the default.
  explicit NamedOptions(std::vector<Row> rows) : rows_(std::move(rows)) { select(rows_.front()); }

  Base& operator*() const { return *options_; }
  Base* operator->() const { return options_.get(); }
  const std::string& name() const { return name_; }

  void read(const ConfigNode& value, const std::string& path) override;

  Json write() override {
    Json map = {{"name", name_}};
    map.update(write_fields(*options_));
    return map;
  }

  void visit_fields(FieldVisitor& fields) override { options_->visit_fields(fields); }

  std::string allowed() const override { return "one of " + join_names(names()) + ", or {name, and its options}"; }

  std::vector<NamedFields> implementations() const override {
    std::vector<NamedFields> implementations;
    implementations.reserve(rows_.size());
    for (const Row& row : rows_) implementations.push_back({row.name, describe_fields(*row.make())});
    return implementations;
  }

 private:
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    names.reserve(rows_.size());
    for (const Row& row : rows_) names.push_back(row.name);
    return names;
  }

  void select(const Row& row) {
    name_ = row.name;
    options_ = row.make();
  }

  std::vector<Row> rows_;
  std::string name_;
  std::shared_ptr<Base> options_;
};

template <typename Base>
void NamedOptions<Base>::read(const ConfigNode& value, const std::string& path) {
  const ConfigNode* name = value.kind == ConfigNode::Kind::map ? value.find("name") : &value;
  if (name != nullptr) {  // a map without a name has options of the default
    select(rows_[selected_name(*name, name == &value ? path : path + ".name", names())]);
  }
  if (value.kind == ConfigNode::Kind::map) read_fields(*options_, value, path, {"name"});
}

}  // namespace fovea
