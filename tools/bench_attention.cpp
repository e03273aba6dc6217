#include "bench_attention.h"

#include <cstdio>

#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/base/random.h>
#include <fovea/base/torch_compat.h>
#include <fovea/config/config_node.h>
#include <fovea/nn/initialise.h>
#include <fovea/run/block_profile.h>

#include "timing.h"

namespace fovea {
namespace {

BuiltMechanism build_started(const MechanismRow& row, const AttentionBench& bench, std::uint64_t seed) {
  BuiltMechanism block = build_block(row, bench.shape, seed);
  auto* gate = dynamic_cast<Gate*>(block.module.get());
  if (bench.identity && gate != nullptr) gate->start_as_identity();
  return block;
}

torch::Tensor forward(const BuiltMechanism& block, const torch::Tensor& features) {
  ForwardContext context;
  return block.forward(features, context);
}

/// How much of the signal gates pass as they start.
double mean_gain(const MechanismRow& row, const AttentionBench& bench, const torch::Tensor& features) {
  constexpr std::uint64_t kStarts = 8;
  const auto energy = features.square().sum();
  double sum = 0;
  for (std::uint64_t start = 0; start < kStarts; ++start) {
    const BuiltMechanism block = build_started(row, bench, bench.seed + start);
    block.module->eval();
    sum += ((forward(block, features) * features).sum() / energy).item<double>();
  }
  return sum / kStarts;
}

Json measure(const MechanismRow& row, const AttentionBench& bench) {
  const BlockProfile profile = profile_block(row, bench.shape);
  const BuiltMechanism block = build_started(row, bench, bench.seed);
  const FeatureShape& in = profile.in;
  auto features = torch::empty({bench.batch, in.channels, in.height, in.width});
  fill_normal(features, RandomStream(bench.seed, Purpose::test), 1.0);

  Json measured{{"name", row.name},
                {"kind", row.kind()},
                {"features", {in.channels, in.height, in.width}},
                {"gain", nullptr},
                {"parameters", profile.parameters},
                {"macs", profile.macs}};
  block.module->eval();
  {
    const torch::NoGradGuard no_grad;
    if (std::holds_alternative<GateBuilder>(row.build)) measured["gain"] = mean_gain(row, bench, features);
    measured["forward_ms"] = to_json(time_repeatedly([&] { forward(block, features); }, bench.seconds));
  }
  block.module->train();
  auto input = features.clone().requires_grad_();
  measured["training_ms"] = to_json(time_repeatedly(
      [&] {
        block.module->zero_grad();
        input.mutable_grad() = torch::Tensor();
        forward(block, input).sum().backward();
      },
      bench.seconds));
  return measured;
}

}  // namespace

Json bench_attention(const AttentionBench& bench, const std::function<void(const std::string&)>& progress) {
  std::vector<const MechanismRow*> chosen;
  for (const std::string& name : bench.names) chosen.push_back(&find_mechanism(name, "fovea bench attention"));
  if (chosen.empty()) {
    for (const MechanismRow& row : mechanism_registry()) chosen.push_back(&row);
  }
  compat::use_one_operator_thread();
  Json rows = Json::array();
  for (const MechanismRow* row : chosen) {
    progress(row->name);
    try {
      rows.push_back(measure(*row, bench));
    } catch (const InputError& error) {
      if (!bench.names.empty()) throw;
      rows.push_back({{"name", row->name}, {"kind", row->kind()}, {"misfit", error.what()}});
    }
  }
  return rows;
}

void print_attention_bench(const Json& rows, const AttentionBench& bench) {
  std::printf(
      "%lld images at once, one thread; gain: how much of the signal x a fresh gate passes as y, <x, y> / <x, x>\n\n",
      static_cast<long long>(bench.batch));
  std::printf("%-20s %-6s %-14s %6s %12s %14s  %-22s %s\n", "name", "kind", "features", "gain", "parameters",
              "multiply-adds", "forward ms (p10..p90)", "with backward");
  const auto spread = [](const Json& timing) {
    char text[64];
    std::snprintf(text, sizeof text, "%.2f (%.2f..%.2f)", timing["median"].get<double>(), timing["p10"].get<double>(),
                  timing["p90"].get<double>());
    return std::string(text);
  };
  for (const Json& row : rows) {
    const auto name = row["name"].get<std::string>(), kind = row["kind"].get<std::string>();
    if (row.contains("misfit")) {
      std::printf("%-20s %-6s %s\n", name.c_str(), kind.c_str(), row["misfit"].get<std::string>().c_str());
      continue;
    }
    const std::string at = row["features"][0].dump() + " x " + row["features"][1].dump() + " x " + row["features"][2].dump();
    char gain[16] = "-";
    if (!row["gain"].is_null()) std::snprintf(gain, sizeof gain, "%.2f", row["gain"].get<double>());
    std::printf("%-20s %-6s %-14s %6s %12s %14s  %-22s %s\n", name.c_str(), kind.c_str(), at.c_str(), gain,
                grouped(row["parameters"].get<std::int64_t>()).c_str(), grouped(row["macs"].get<std::int64_t>()).c_str(),
                spread(row["forward_ms"]).c_str(), spread(row["training_ms"]).c_str());
  }
}

}  // namespace fovea
