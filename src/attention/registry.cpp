#include <algorithm>
#include <iterator>
#include <utility>

#include <fovea/attention/internal/families.h>
#include <fovea/attention/registry.h>
#include <fovea/base/error.h>
#include <fovea/options/find_row.h>

namespace fovea {
namespace {

std::deque<MechanismRow> all_families() {
  std::deque<MechanismRow> rows;
  for (const auto& family :
       {channel_mechanisms, spatial_mechanisms, branch_mechanisms, self_mechanisms, context_mechanisms, warp_mechanisms}) {
    auto members = family();
    std::move(members.begin(), members.end(), std::back_inserter(rows));
  }
  return rows;
}

std::deque<MechanismRow>& mechanism_rows() {
  static std::deque<MechanismRow> rows = all_families();
  return rows;
}

template <typename Module>
BuiltMechanism adapt(std::shared_ptr<Module> module) {
  return {module, [module](const torch::Tensor& features, ForwardContext& context) {
            if constexpr (std::is_same_v<Module, Pool>) {
              return module->attend({.features = features, .stages = {{features, context.theta}}}, context);
            } else {
              return module->forward(features, context);
            }
          }};
}

}  // namespace

const std::deque<MechanismRow>& mechanism_registry() {
  return mechanism_rows();
}

const MechanismRow& register_mechanism(MechanismRow row) {
  const std::string where = "register_mechanism";
  const bool builds = std::visit([](const auto& build) { return build != nullptr; }, row.build);
  expect_functions({row.make_options != nullptr, builds}, row.name, where);
  if (row.name == "none") throw InputError(where, "a name other than 'none', which stands for no mechanism", "'none'");
  return add_row(mechanism_rows(), std::move(row), where);
}

const MechanismRow& find_mechanism(const std::string& name, const std::string& origin) {
  return find_row(mechanism_registry(), name, origin, "an attention mechanism", "blocks");
}

const char* MechanismRow::kind() const {
  constexpr const char* kKinds[] = {"gate", "mixer", "pool", "warp"};
  return kKinds[build.index()];
}

std::vector<InsertionKind> MechanismRow::insertion_kinds() const {
  const std::vector<InsertionKind> of_kinds[] = {{InsertionKind::block, InsertionKind::stage},
                                                 {InsertionKind::conv},
                                                 {InsertionKind::pool},
                                                 {InsertionKind::input, InsertionKind::stage}};
  return only_at.empty() ? of_kinds[build.index()] : only_at;
}

void expect_size_fits(const MechanismRow& row, const Options& options, const InsertionPoint& point,
                      const std::string& where) {
  const std::int64_t multiple = row.size_multiple ? row.size_multiple(options) : 1;
  if (multiple < 1) return;  // option out of range: the builder's error names it
  if (point.in.height % multiple == 0 && point.in.width % multiple == 0) return;
  throw InputError(where + ": " + row.name, "height and width that are multiples of " + std::to_string(multiple),
                   std::to_string(point.in.height) + " x " + std::to_string(point.in.width) + " at " + point.path,
                   "change its block_size, its stages, or the size of the images");
}

BuiltMechanism build_mechanism(const MechanismRow& row, const Options& options, const InsertionPoint& point) {
  expect_size_fits(row, options, point, point.path);
  return std::visit([&](const auto& build) { return adapt(build(options, point)); }, row.build);
}

InsertionPoint standalone_point(const MechanismRow& row, const FeatureShape& in) {
  InsertionPoint point{row.insertion_kinds().front(), 1, in, in.channels, 1, row.name, {in}};
  point.num_classes = 10;
  return point;
}

}  // namespace fovea
