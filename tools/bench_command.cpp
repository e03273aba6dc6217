#include <cstdio>
#include <iostream>
#include <memory>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/run/attention_benchmark.h>
#include <fovea/run/glimpse_benchmark.h>
#include <fovea/run/model.h>

#include "option_checks.h"
#include "program.h"

namespace fovea {
namespace {

struct AttentionArguments {
  AttentionBenchmarkOptions options;
  std::int64_t size = 14;
  std::string init = "standard";
};

struct BenchArguments {
  AttentionArguments attention;
  GlimpseBenchmarkOptions glimpse;
  bool measures_glimpse = false;
};

void expect_cpu(const GlobalOptions& global, const std::string& command) {
  if (parse_device(global.device).is_cpu()) return;
  throw InputError(command + " --device", "cpu, the only device that it measures", "'" + global.device + "'");
}

/// "0.12 (0.10..0.15)".
std::string spread(const Quantiles& timing) {
  char text[64];
  std::snprintf(text, sizeof text, "%.2f (%.2f..%.2f)", timing.median, timing.p10, timing.p90);
  return text;
}

void print_attention(const AttentionBenchmark& row) {
  if (!row.measured) {
    std::printf("%-20s %-6s %s\n", row.name.c_str(), row.kind.c_str(), row.mismatch.c_str());
    return;
  }
  const AttentionBenchmark::Measured& measured = *row.measured;
  const FeatureShape& in = measured.profile.in;
  const std::string at = std::to_string(in.channels) + " x " + std::to_string(in.height) + " x " + std::to_string(in.width);
  char gain[16] = "-";
  if (measured.gain) std::snprintf(gain, sizeof gain, "%.2f", *measured.gain);
  std::printf("%-20s %-6s %-14s %6s %12s %14s  %-22s %s\n", row.name.c_str(), row.kind.c_str(), at.c_str(), gain,
              grouped_digits(measured.profile.parameters).c_str(), grouped_digits(measured.profile.macs).c_str(),
              spread(measured.forward_ms).c_str(), spread(measured.training_ms).c_str());
}

void print_attention_table(const std::vector<AttentionBenchmark>& rows, std::int64_t batch) {
  std::printf(
      "batch size %lld, one thread; gain of a freshly initialised gate with input x and output y: <x, y> / <x, x>\n\n",
      static_cast<long long>(batch));
  std::printf("%-20s %-6s %-14s %6s %12s %14s  %-22s %s\n", "name", "kind", "features", "gain", "parameters",
              "multiply-adds", "forward ms (p10..p90)", "with backward");
  for (const AttentionBenchmark& row : rows) print_attention(row);
}

void print_rate(const std::string& what, const Quantiles& rate) {
  std::printf("%-34s %10.0f  %.0f..%.0f\n", what.c_str(), rate.median, rate.p10, rate.p90);
}

void print_glimpse(const GlimpseBenchmark& measured) {
  const auto count = [](std::int64_t number) { return static_cast<long long>(number); };
  std::printf("ram, %lld images of %lld x %lld at once, %s parameters, %s multiply-adds per image\n\n",
              count(measured.batch), count(measured.size), count(measured.size), grouped_digits(measured.parameters).c_str(),
              grouped_digits(measured.macs).c_str());
  std::printf("%-34s %10s  %s\n", "images per second", "median", "p10..p90");
  const std::string threads = " (" + std::to_string(measured.threads) + (measured.threads == 1 ? " thread)" : " threads)");
  print_rate("training, fused" + threads, measured.training.fused);
  print_rate("training, composed" + threads, measured.training.composed);
  print_rate("inference, fused (1 thread)", measured.inference.fused);
  print_rate("inference, composed (1 thread)", measured.inference.composed);
  std::printf("\n%-34s %10s  %s\n", "microseconds per glimpse", "median", "p10..p90");
  for (const GlimpseBenchmark::Sensor& sensor : measured.sensors) {
    const std::string side = std::to_string(sensor.size);
    std::printf("%-34s %10.2f  %.2f..%.2f\n", (side + " x " + side + " pixels").c_str(), 1e3 * sensor.glimpse_ms.median,
                1e3 * sensor.glimpse_ms.p10, 1e3 * sensor.glimpse_ms.p90);
  }
  std::printf("%-34s %10.2f\n", "slowest / fastest", measured.growth);
}

int run_attention_bench(const AttentionArguments& arguments, const GlobalOptions& global) {
  AttentionBenchmarkOptions options = arguments.options;
  options.shape.height = options.shape.width = arguments.size;
  options.identity = arguments.init == "identity";
  options.seed = global.seed.value_or(options.seed);
  options.progress = [&](const std::string& name) {
    if (!global.quiet) std::cerr << "measuring " << name << std::endl;
  };
  expect_cpu(global, "fovea bench attention");
  const std::vector<AttentionBenchmark> rows = benchmark_attention(options);
  global.json ? print_json(json_list(rows)) : print_attention_table(rows, options.batch);
  return kDone;
}

int run_glimpse_bench(const GlimpseBenchmarkOptions& arguments, const GlobalOptions& global) {
  GlimpseBenchmarkOptions options = arguments;
  options.seed = global.seed.value_or(options.seed);
  options.threads = global.threads;
  expect_cpu(global, "fovea bench glimpse");
  const GlimpseBenchmark measured = benchmark_glimpse(options);
  global.json ? print_json(to_json(measured)) : print_glimpse(measured);
  return kDone;
}

void add_attention_bench(CLI::App& bench, AttentionArguments& arguments) {
  CLI::App* attention =
      bench.add_subcommand("attention", "measure mechanisms alone: gain, parameters, multiply-adds and speed on one thread");
  attention->add_option("NAME", arguments.options.names, "mechanisms (default: all)");
  attention->add_option("--width", arguments.options.shape.channels, "channels of the features")
      ->check(integer_in({1, 1 << 14}))
      ->capture_default_str();
  attention
      ->add_option("--size", arguments.size,
                   "height and width of the features, rounded up to a multiple that a mechanism needs")
      ->check(integer_in({1, 64}))
      ->capture_default_str();
  attention->add_option("--init", arguments.init, "initialisation of gates, as in a configuration")
      ->check(one_of({"standard", "identity"}))
      ->capture_default_str();
  attention->add_option("--batch", arguments.options.batch, "batch size")
      ->check(integer_in({1, 1 << 14}))
      ->capture_default_str();
  attention->add_option("--seconds", arguments.options.seconds, "minimum duration of each measurement")
      ->check(number_in({0, 3600}))
      ->capture_default_str();
}

void add_glimpse_bench(CLI::App& bench, GlimpseBenchmarkOptions& arguments, bool& chosen) {
  CLI::App* glimpse = bench.add_subcommand(
      "glimpse", "measure the glimpse network: training, inference, and its sensor in images from 64 to 4096 pixels wide");
  glimpse->parse_complete_callback([&chosen] { chosen = true; });
  glimpse->add_option("--size", arguments.size, "height and width of the images")
      ->check(integer_in({1, 1 << 14}))
      ->capture_default_str();
  glimpse->add_option("--batch", arguments.batch, "batch size")->check(integer_in({1, 1 << 14}))->capture_default_str();
  glimpse->add_option("--shards", arguments.shards, "shards of a training batch, each on a thread of its own")
      ->check(integer_in({1, 1 << 10}))
      ->capture_default_str();
  glimpse->add_option("--set", arguments.settings, "override a key of the network, e.g. --set model.core=lstm; repeatable")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  glimpse->add_option("--seconds", arguments.seconds, "minimum duration of each group of alternating measurements")
      ->check(number_in({0, 3600}))
      ->capture_default_str();
}

}  // namespace

Action add_bench_command(CLI::App& app) {
  auto arguments = std::make_shared<BenchArguments>();
  CLI::App* command = app.add_subcommand("bench", "measure speed on this machine");
  command->require_subcommand(1);
  add_attention_bench(*command, arguments->attention);
  add_glimpse_bench(*command, arguments->glimpse, arguments->measures_glimpse);
  return [arguments](const GlobalOptions& global) {
    keep_freed_memory();
    return arguments->measures_glimpse ? run_glimpse_bench(arguments->glimpse, global)
                                       : run_attention_bench(arguments->attention, global);
  };
}

}  // namespace fovea
