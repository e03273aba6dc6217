#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <fovea/attention/slot_factory.h>
#include <fovea/attention/traits.h>
#include <fovea/config/fields.h>

namespace fovea {

using GateBuilder = std::function<std::shared_ptr<Gate>(const Options&, const Site&)>;
using MixerBuilder = std::function<std::shared_ptr<Mixer>(const Options&, const Site&)>;
using PoolBuilder = std::function<std::shared_ptr<Pool>(const Options&, const Site&)>;
using WarpBuilder = std::function<std::shared_ptr<Warp>(const Options&, const Site&)>;

/// One attention mechanism. Everything that iterates (configurations, `fovea list`, slots, the conformance suite) reads
/// this.
struct MechanismRow {
  std::string name;   ///< in configurations
  std::string title;  ///< of the paper
  std::string arxiv;  ///< e.g. "1709.01507"
  Traits traits;
  std::function<std::unique_ptr<Options>()> make_options;
  std::variant<GateBuilder, MixerBuilder, PoolBuilder, WarpBuilder> build;

  /// "gate", "mixer", "pool" or "warp".
  const char* kind() const;
  /// The slots that take this kind; the first is the default.
  std::vector<Slot> slots() const;
};

/// Every mechanism, in the order `fovea list blocks` prints.
const std::vector<MechanismRow>& mechanism_registry();

/// @throws InputError with the nearest name. @param origin where the name was written.
const MechanismRow& find_mechanism(const std::string& name, const std::string& origin);

}  // namespace fovea
