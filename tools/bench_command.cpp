#include <iostream>
#include <memory>

#include <fovea/base/error.h>
#include <fovea/config/config_node.h>
#include <fovea/run/open_model.h>

#include "bench_attention.h"
#include "bench_glimpse.h"
#include "program.h"

namespace fovea {
namespace {

struct AttentionArguments {
  AttentionBench bench;
  std::int64_t size = 14;
  std::string init = "standard";
};

struct BenchArguments {
  AttentionArguments attention;
  GlimpseBench glimpse;
  bool measures_glimpse = false;
};

void expect_cpu(const GlobalOptions& global, const std::string& command) {
  if (parse_device(global.device).is_cpu()) return;
  throw InputError(command + " --device", "cpu, which is what it measures", "'" + global.device + "'");
}

int run_attention_bench(const AttentionArguments& arguments, const GlobalOptions& global) {
  AttentionBench attention = arguments.bench;
  attention.shape.height = attention.shape.width = arguments.size;
  attention.identity = arguments.init == "identity";
  attention.seed = global.seed.value_or(attention.seed);
  expect_cpu(global, "fovea bench attention");
  const Json rows = bench_attention(attention, [&](const std::string& name) {
    if (!global.quiet) std::cerr << "measuring " << name << std::endl;
  });
  if (global.json) {
    print_json(rows);
  } else {
    print_attention_bench(rows, attention);
  }
  return kDone;
}

int run_glimpse_bench(const GlimpseBench& arguments, const GlobalOptions& global) {
  GlimpseBench glimpse = arguments;
  glimpse.seed = global.seed.value_or(glimpse.seed);
  glimpse.threads = global.threads;
  expect_cpu(global, "fovea bench glimpse");
  const Json measured = bench_glimpse(glimpse);
  if (global.json) {
    print_json(measured);
  } else {
    print_glimpse_bench(measured, glimpse);
  }
  return kDone;
}

void add_attention_bench(CLI::App& bench, AttentionArguments& arguments) {
  CLI::App* attention = bench.add_subcommand(
      "attention",
      "mechanisms alone: how much of the signal a fresh one passes, how large it is and how fast on one thread");
  attention->add_option("NAME", arguments.bench.names, "mechanisms (default: all)");
  attention->add_option("--width", arguments.bench.shape.channels, "channels of the features")
      ->check(CLI::Range(1, 1 << 14))
      ->capture_default_str();
  attention->add_option("--size", arguments.size, "height and width of the features, raised to what a mechanism asks for")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  attention->add_option("--init", arguments.init, "how gates start, as in a configuration")
      ->check(CLI::IsMember({"standard", "identity"}))
      ->capture_default_str();
  attention->add_option("--batch", arguments.bench.batch, "images at once")
      ->check(CLI::Range(1, 1 << 14))
      ->capture_default_str();
  attention->add_option("--seconds", arguments.bench.seconds, "at least so long for each measurement")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
}

void add_glimpse_bench(CLI::App& bench, GlimpseBench& arguments, bool& chosen) {
  CLI::App* glimpse = bench.add_subcommand(
      "glimpse", "the glimpse network: training, inference, and its sensor in images from 64 to 4096 pixels wide");
  glimpse->parse_complete_callback([&chosen] { chosen = true; });
  glimpse->add_option("--size", arguments.size, "height and width of the images")
      ->check(CLI::Range(1, 1 << 14))
      ->capture_default_str();
  glimpse->add_option("--batch", arguments.batch, "images at once")->check(CLI::Range(1, 1 << 14))->capture_default_str();
  glimpse->add_option("--shards", arguments.shards, "parts of a batch, each on a thread of its own")
      ->check(CLI::Range(1, 1 << 10))
      ->capture_default_str();
  glimpse->add_option("--set", arguments.settings, "of the network: model.KEY=VALUE, e.g. model.core=lstm; repeatable")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  glimpse->add_option("--seconds", arguments.seconds, "at least so long for each group of measurements that take turns")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
}

}  // namespace

Action add_bench_command(CLI::App& app) {
  auto arguments = std::make_shared<BenchArguments>();
  CLI::App* command = app.add_subcommand("bench", "measure on this machine");
  command->require_subcommand(1);
  add_attention_bench(*command, arguments->attention);
  add_glimpse_bench(*command, arguments->glimpse, arguments->measures_glimpse);
  return [arguments](const GlobalOptions& global) {
    return arguments->measures_glimpse ? run_glimpse_bench(arguments->glimpse, global)
                                       : run_attention_bench(arguments->attention, global);
  };
}

}  // namespace fovea
