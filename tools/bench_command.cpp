#include <iostream>
#include <memory>

#include <fovea/base/error.h>

#include "bench_attention.h"
#include "open_model.h"
#include "program.h"

namespace fovea {
namespace {

struct BenchArguments {
  AttentionBench attention;
  std::int64_t size = 14;
  std::string init = "standard";
};

int bench(const BenchArguments& arguments, const GlobalOptions& global) {
  AttentionBench attention = arguments.attention;
  attention.shape.height = attention.shape.width = arguments.size;
  attention.identity = arguments.init == "identity";
  attention.seed = global.seed.value_or(attention.seed);
  if (!parse_device(global.device).is_cpu()) {
    throw InputError("fovea bench attention --device", "cpu, which is what it measures", "'" + global.device + "'");
  }
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

}  // namespace

Action add_bench_command(CLI::App& app) {
  auto arguments = std::make_shared<BenchArguments>();
  CLI::App* command = app.add_subcommand("bench", "measure on this machine");
  command->require_subcommand(1);
  CLI::App* attention = command->add_subcommand(
      "attention",
      "mechanisms alone: how much of the signal a fresh one passes, how large it is and how fast on one thread");
  attention->add_option("NAME", arguments->attention.names, "mechanisms (default: all)");
  attention->add_option("--width", arguments->attention.shape.channels, "channels of the features")
      ->check(CLI::Range(1, 1 << 14))
      ->capture_default_str();
  attention->add_option("--size", arguments->size, "height and width of the features, raised to what a mechanism asks for")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  attention->add_option("--init", arguments->init, "how gates start, as in a configuration")
      ->check(CLI::IsMember({"standard", "identity"}))
      ->capture_default_str();
  attention->add_option("--batch", arguments->attention.batch, "images at once")
      ->check(CLI::Range(1, 1 << 14))
      ->capture_default_str();
  attention->add_option("--seconds", arguments->attention.seconds, "at least so long for each measurement")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  return [arguments](const GlobalOptions& global) { return bench(*arguments, global); };
}

}  // namespace fovea
