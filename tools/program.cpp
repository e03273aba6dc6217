#include "program.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <malloc.h>
#include <memory>
#include <set>

#include <ATen/Parallel.h>
#include <c10/util/Exception.h>

#include <fovea/base/error.h>
#include <fovea/base/printable.h>
#include <fovea/config/config_node.h>
#include <fovea/nn/onednn.h>
#include <fovea/nn/out_of_memory.h>
#include <fovea/run/environment.h>

#include "help_format.h"
#include "option_checks.h"
#include "usage_error.h"

namespace fovea {
namespace {

constexpr const char* kOutOfMemory =
    "out of memory; use fewer --threads, smaller images, a smaller train.batch_size or model";

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

int report(const std::string& message, int code) {
  std::cerr << "fovea: error: " << printable(message) << "\n";
  return code;
}

/// Runs `work`; an exception becomes one line on stderr and an exit code.
int guarded(const std::function<int()>& work) {
  try {
    return work();
  } catch (const Interrupted&) {
    return kInterrupted;
  } catch (const InputError& error) {
    return report(error.what(), kUserError);
  } catch (const Error& error) {
    return report(error.what(), kFailed);
  } catch (const std::filesystem::filesystem_error& error) {  // a path that the system refuses
    return report(error.what(), kUserError);
  } catch (const c10::Error& error) {
    if (is_out_of_memory(error)) return report(kOutOfMemory, kFailed);
    return report("LibTorch: " + first_line(error.what_without_backtrace()), kFailed);
  } catch (const std::bad_alloc&) {
    return report(kOutOfMemory, kFailed);
  } catch (const std::exception& error) {
    return report(first_line(error.what()), kFailed);
  }
}

/// @throws InputError for an option with an empty text, which a shell makes of a variable that is not set.
void expect_texts(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    const std::vector<std::string>& texts = option->results();
    if (std::find(texts.begin(), texts.end(), "") == texts.end()) continue;
    throw InputError(option->get_name(), "a value", "an empty text", "remove the option, or give it a value");
  }
  for (const CLI::App* command : app.get_subcommands()) expect_texts(*command);
}

void print_version(const GlobalOptions& global) {
  const Environment used = describe_environment(global.threads);
  if (global.json) {
    print_json(to_json(used));
    return;
  }
  std::cout << "fovea " << used.fovea << "\n  libtorch: " << used.libtorch << "\n  blas: " << used.blas
            << "\n  threads: " << used.threads << "\n";
}

void add_global_options(CLI::App& app, GlobalOptions& global, bool& version) {
  app.fallthrough();
  app.require_subcommand(0, 1);
  app.add_option("--threads", global.threads, "threads to compute with (default: all cores); never changes a result")
      ->check(integer_in({1, 1024}));
  app.add_option("--seed", global.seed, "seed of every random draw; overrides the configuration's")
      ->check(integer_in(kNonNegativeInteger));
  app.add_option("--device", global.device, "auto, cpu, cuda or cuda:<index>")->type_name("DEVICE")->capture_default_str();
  app.add_flag("--quiet", global.quiet, "print no progress on stderr");
  app.add_flag("--json", global.json, "print one JSON document on stdout instead of text");
  app.add_flag("--version", version, "print versions, BLAS and threads in use");
}

/// Sets what all commands and options have: flags take no value, and a leading `~` is expanded in paths, which are known by
/// their types in the help.
void complete_options(CLI::App& command) {
  static const std::set<std::string> kPaths{"CONFIG|RUN", "DIR", "FILE", "FILE.py", "IMAGE", "IN", "MODEL", "OUT", "PNG"};
  for (CLI::Option* option : command.get_options({})) {
    if (kPaths.contains(value_type(*option))) option->transform(home_path());
    if (option->get_items_expected_max() == 0) option->disable_flag_override();
  }
  for (CLI::App* subcommand : command.get_subcommands({})) {
    subcommand->group("Commands")->footer("Options of every command: fovea --help");
    complete_options(*subcommand);
  }
}

std::vector<std::pair<CLI::App*, Action>> add_commands(CLI::App& app) {
  std::vector<std::pair<CLI::App*, Action>> commands;
  for (const auto add : {add_train_command, add_eval_command, add_predict_command, add_overlay_command, add_convert_command,
                         add_list_command, add_bench_command}) {
    Action action = add(app);
    commands.emplace_back(app.get_subcommands({}).back(), std::move(action));
  }
  return commands;
}

}  // namespace

std::vector<std::string> GlobalOptions::with_seed(std::vector<std::string> settings) const {
  if (seed) settings.push_back("seed=" + std::to_string(*seed));
  return settings;
}

void print_json(const Json& document) {
  std::cout << to_json_text(document);
}

void print_note(const std::string& message) {
  std::cerr << "fovea: note: " << printable(message) << std::endl;
}

void JsonListPrinter::add(const Json& entry) {
  std::cout << (is_empty_ ? "[\n  " : ",\n  ");
  is_empty_ = false;
  std::string text = to_json_text(entry);
  text.pop_back();  // the newline
  for (const char letter : text) {
    std::cout << letter;
    if (letter == '\n') std::cout << "  ";
  }
}

void JsonListPrinter::finish() {
  std::cout << (is_empty_ ? "[]\n" : "\n]\n");
}

void keep_freed_memory() {
  constexpr int kKeep = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kKeep);
  mallopt(M_TRIM_THRESHOLD, kKeep);
}

void print_warning(const std::string& message) {
  std::cerr << "fovea: warning: " << printable(message) << std::endl;
}

int run_program(int argc, const char* const* argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file beyond the limit of sizes is a failed write, with a message
  GlobalOptions global;
  global.threads = available_threads();
  bool version = false;
  CLI::App app{"fovea: train image classifiers with visual attention, and draw where they attend", "fovea"};
  app.formatter(std::make_shared<HelpFormat>());
  app.set_help_flag("-h,--help", "print this help");
  add_global_options(app, global, version);

  const auto commands = add_commands(app);
  complete_options(app);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& request) {  // --help
    return app.exit(request);
  } catch (const CLI::ParseError& error) {
    return report(usage_error(app, error).what(), kUserError);
  }

  return guarded([&]() -> int {
    expect_texts(app);
    compat::leave_out_wrong_convolutions();
    at::set_num_threads(std::min(global.threads, available_threads()));  // more would only wait for each other
    if (version) {
      print_version(global);
      return kDone;
    }
    for (const auto& [command, action] : commands) {
      if (!command->parsed()) continue;
      const int code = action(global);
      if (!std::cout.flush() || std::fflush(stdout) != 0)
        throw SystemError("stdout: cannot write: " + system_message(errno));
      return code;
    }
    throw InputError("fovea", "a command", "none", "see fovea --help");
  });
}

}  // namespace fovea
