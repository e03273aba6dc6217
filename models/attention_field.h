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

/// How a gate starts.
enum class GateStart {
  standard,  ///< as its paper or the convention for its layers says
  identity,  ///< passing everything unchanged; see Gate::start_as_identity()
};

/// One entry of `model.attention`: which mechanism, with what options, where.
struct InsertedMechanism {
  const MechanismRow* row = nullptr;
  std::unique_ptr<Options> options;
  InsertionKind at = InsertionKind::block;
  std::vector<std::int64_t> stages;  ///< numbers of the stages to go into; empty = all
  GateStart init = GateStart::standard;
  std::string origin;  ///< for messages
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

  std::vector<InsertedMechanism> entries;
};

/// Builds the configured mechanisms at the insertion points they are meant for.
class ConfiguredAttention final : public AttentionFactory {
 public:
  /// @param attention must outlive this object.
  explicit ConfiguredAttention(const AttentionField& attention);

  std::shared_ptr<Gate> gate(const InsertionPoint& point) override;
  std::shared_ptr<Mixer> mixer(const InsertionPoint& point) override;
  std::shared_ptr<Pool> pool(const InsertionPoint& point) override;
  std::shared_ptr<Warp> warp(const InsertionPoint& point) override;
  bool has_pool() const override;

  /// @throws InputError naming the first entry, or stage of one, that found no place. @param network for the message.
  void expect_all_inserted(const std::string& network) const;

 private:
  /// The modules of every entry meant for the insertion point whose kind has this builder.
  template <typename Builder>
  auto build_all(const InsertionPoint& point);
  template <typename Builder>
  auto build_one(const InsertionPoint& point);

  const AttentionField& attention_;
  std::vector<std::set<std::int64_t>> inserted_;  ///< per entry, the stages it went into
};

}  // namespace fovea
