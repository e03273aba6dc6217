#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <torch/torch.h>

#include <fovea/attention/attention_factory.h>
#include <fovea/attention/traits.h>
#include <fovea/options/fields.h>

namespace fovea {

using GateBuilder = std::function<std::shared_ptr<Gate>(const Options&, const InsertionPoint&)>;
using MixerBuilder = std::function<std::shared_ptr<Mixer>(const Options&, const InsertionPoint&)>;
using PoolBuilder = std::function<std::shared_ptr<Pool>(const Options&, const InsertionPoint&)>;
using WarpBuilder = std::function<std::shared_ptr<Warp>(const Options&, const InsertionPoint&)>;

/// One attention mechanism. Configurations, `fovea list`, networks, the conformance suite and the benchmark iterate over
/// these rows.
struct MechanismRow {
  std::string name;        ///< in configurations
  std::string summary;     ///< a few words, for listings
  std::string title = {};  ///< of the paper
  std::string arxiv = {};  ///< id, e.g. "1709.01507"; empty when the paper is not on arXiv
  Traits traits = {};
  std::function<std::unique_ptr<Options>()> make_options = {};
  std::variant<GateBuilder, MixerBuilder, PoolBuilder, WarpBuilder> build = {};

  /// Venue of the paper, e.g. "ICML 2021"; for rows without an arXiv id.
  std::string reference = {};
  /// Kinds of its insertion points, the default first; empty = all those of its kind.
  std::vector<InsertionKind> only_at = {};
  /// Number of which the input height and width must be multiples; unset = 1.
  std::function<std::int64_t(const Options&)> size_multiple = {};
  /// True when a mechanism with these options makes hard choices, which training explores and learns; unset = never.
  std::function<bool(const Options&)> chooses = {};

  /// chooses(), false where it is unset.
  bool makes_choices(const Options& options) const { return chooses && chooses(options); }

  /// "gate", "mixer", "pool" or "warp".
  const char* kind() const;
  /// Kinds of its insertion points; the first is the default.
  std::vector<InsertionKind> insertion_kinds() const;
};

/// Every mechanism, in the order of `fovea list blocks`: family by family, then those of register_mechanism().
const std::deque<MechanismRow>& mechanism_registry();

/// Adds a mechanism of the calling program, which networks and configurations then take by its name:
///
///     struct HalfOptions {
///       double factor = 0.5;
///       void visit_fields(fovea::FieldVisitor& fields) {
///         fields.real("factor", factor, fovea::kFraction, "factor of the features");
///       }
///     };
///     class HalfImpl final : public fovea::Gate { ... HalfImpl(std::int64_t channels, HalfOptions options = {}); ... };
///
///     fovea::register_mechanism({.name = "half",
///                                .summary = "halves every feature",
///                                .make_options = fovea::make_options<HalfOptions>,
///                                .build = fovea::GateBuilder([](const auto& options, const auto& point) {
///                                  return std::make_shared<HalfImpl>(point.in.channels,
///                                                                    fovea::options_cast<HalfOptions>(options));
///                                })});
///     fovea::create_model("resnet50", {.attention = {"half"}});
///
/// Call it before networks are built, from one thread. References to rows stay valid. @return the new row.
/// @throws InputError when the name is empty, `none` or taken, or when make_options or build is empty.
const MechanismRow& register_mechanism(MechanismRow row);

/// @throws InputError with the nearest name. @param origin where the name was written.
const MechanismRow& find_mechanism(const std::string& name, const std::string& origin);

/// @throws InputError unless the input height and width of the point are multiples of size_multiple. @param where for the
/// message.
void expect_size_fits(const MechanismRow& row, const Options& options, const InsertionPoint& point,
                      const std::string& where);

/// Mechanism of any kind with one signature, for listings, benchmarks and tests.
struct BuiltMechanism {
  std::shared_ptr<torch::nn::Module> module;
  std::function<torch::Tensor(const torch::Tensor& features, ForwardContext& context)> forward;
};

/// @param point as a backbone describes it. @throws InputError when options or input size do not fit the point.
BuiltMechanism build_mechanism(const MechanismRow& row, const Options& options, const InsertionPoint& point);

/// Insertion point of a mechanism on its own: of its default kind, with features of shape `in`, and as many channels behind
/// it.
InsertionPoint standalone_point(const MechanismRow& row, const FeatureShape& in);

}  // namespace fovea
