#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fovea/attention/registry.h>
#include <fovea/attention/slot_factory.h>
#include <fovea/config/fields.h>

namespace fovea {

/// How a gate starts.
enum class GateStart {
  standard,  ///< as its paper or the convention for its layers says
  identity,  ///< passing everything unchanged; see Gate::start_as_identity()
};

/// One entry of `model.attention`: which mechanism, with what options, where.
struct PlacedMechanism {
  const MechanismRow* row = nullptr;
  std::unique_ptr<Options> options;
  Slot at = Slot::block;
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
  void read(const Value& value, const std::string& path) override;
  Json write() override;

  std::vector<PlacedMechanism> entries;
};

/// Builds the configured mechanisms at the sites they are meant for.
class ConfiguredSlots final : public SlotFactory {
 public:
  /// @param attention must outlive this object.
  explicit ConfiguredSlots(const AttentionField& attention);

  std::shared_ptr<Gate> gate(const Site& site) override;
  std::shared_ptr<Mixer> mixer(const Site& site) override;
  std::shared_ptr<Pool> pool(const Site& site) override;
  std::shared_ptr<Warp> warp(const Site& site) override;
  bool has_pool() const override;

  /// @throws InputError naming the first entry, or stage of one, that found no place. @param network for the message.
  void expect_all_placed(const std::string& network) const;

 private:
  /// The modules of every entry meant for the site whose kind has this builder.
  template <typename Builder>
  auto build_all(const Site& site);
  template <typename Builder>
  auto build_one(const Site& site);

  const AttentionField& attention_;
  std::vector<std::set<std::int64_t>> placed_;  ///< per entry, the stages it went into
};

}  // namespace fovea
