#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fovea/attention/attention_factory.h>
#include <fovea/attention/registry.h>
#include <fovea/config/fields.h>

namespace fovea {

/// Initialisation of a gate.
enum class GateStart {
  standard,  ///< that of its paper, or the default of its layers
  identity,  ///< the identity; see Gate::start_as_identity()
};

/// One entry of `model.attention`: a mechanism with its options and insertion points.
struct InsertedMechanism {
  const MechanismRow* row = nullptr;
  std::unique_ptr<Options> options;
  InsertionKind at = InsertionKind::block;
  std::vector<std::int64_t> stages;  ///< numbers, from 1, of the stages with the mechanism; empty = all
  GateStart init = GateStart::standard;
  std::string origin;  ///< place in the configuration, for messages
};

/// The configuration key `model.attention`: `none`, a name, a map, or a list of maps:
///
///     attention: cbam
///     attention: {name: se, stages: [2, 3], reduction_ratio: 8}
///     attention: [{name: spatial_transformer, at: input}, {name: bahdanau, at: pool}]
class AttentionField final : public CustomField {
 public:
  void read(const ConfigNode& value, const std::string& path) override;
  Json write() override;
  bool accepts_none() const override { return true; }
  std::string allowed() const override;
  std::vector<NamedFields> implementations() const override;

  std::vector<InsertedMechanism> entries;
};

/// Factory of the configured mechanisms at their insertion points.
class ConfiguredAttention final : public AttentionFactory {
 public:
  /// @param attention must outlive this object.
  explicit ConfiguredAttention(const AttentionField& attention);

  std::shared_ptr<Gate> gate(const InsertionPoint& point) override;
  std::shared_ptr<Mixer> mixer(const InsertionPoint& point) override;
  std::shared_ptr<Pool> pool(const InsertionPoint& point) override;
  std::shared_ptr<Warp> warp(const InsertionPoint& point) override;
  bool has_pool() const override;

  /// @throws InputError naming the first entry, or stage of one, for which the network has no insertion point.
  /// @param network its name, for the message.
  void expect_all_inserted(const std::string& network) const;

 private:
  /// Modules for the insertion point, of every entry that is configured for it and has this builder.
  template <typename Builder>
  auto build_all(const InsertionPoint& point);
  template <typename Builder>
  auto build_one(const InsertionPoint& point);

  const AttentionField& attention_;
  std::vector<std::set<std::int64_t>> inserted_;  ///< stages with the mechanism, per entry
};

}  // namespace fovea
