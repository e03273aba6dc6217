#include "program.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <link.h>
#include <thread>

#include <ATen/Parallel.h>
#include <c10/util/Exception.h>
#include <torch/version.h>

#include <fovea/base/error.h>
#include <fovea/config/config_node.h>

namespace fovea {
namespace {

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

int report(const std::string& message, int code) {
  std::cerr << "fovea: error: " << message << "\n";
  return code;
}

/// Runs `work`; an exception becomes one line on stderr and an exit code.
int guarded(const std::function<int()>& work) {
  try {
    return work();
  } catch (const InputError& error) {
    return report(error.what(), kUserError);
  } catch (const Error& error) {
    return report(error.what(), kFailed);
  } catch (const std::filesystem::filesystem_error& error) {  // a path that the system refuses
    return report(error.what(), kUserError);
  } catch (const c10::Error& error) {
    return report("LibTorch: " + first_line(error.what_without_backtrace()), kFailed);
  } catch (const std::bad_alloc&) {
    return report("out of memory; use fewer --threads, smaller images, a smaller train.batch_size or model", kFailed);
  } catch (const std::exception& error) {
    return report(first_line(error.what()), kFailed);
  }
}

/// The path of the BLAS that the process has loaded.
std::string loaded_blas() {
  std::string found = "unknown";
  dl_iterate_phdr(
      [](dl_phdr_info* library, std::size_t, void* result) {
        const std::string path = library->dlpi_name;
        if (path.find("/libopenblas") == std::string::npos && path.find("/libblas") == std::string::npos) return 0;
        *static_cast<std::string*>(result) = path;
        return path.find("/libopenblas") == std::string::npos ? 0 : 1;  // the implementation rather than the interface
      },
      &found);
  return found;
}

void print_version(const GlobalOptions& global) {
  const Json versions = environment(global.threads);
  if (global.json) {
    print_json(versions);
    return;
  }
  std::cout << "fovea " << versions["fovea"].get<std::string>() << "\n";
  for (const auto& [key, value] : versions.items()) {
    if (key != "fovea")
      std::cout << "  " << key << ": " << (value.is_string() ? value.get<std::string>() : value.dump()) << "\n";
  }
}

}  // namespace

std::vector<std::string> GlobalOptions::with_seed(std::vector<std::string> settings) const {
  if (seed) settings.push_back("seed=" + std::to_string(*seed));
  return settings;
}

std::string json_text(const Json& document) {
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void print_json(const Json& document) {
  std::cout << json_text(document);
}

void print_warning(const std::string& message) {
  std::cerr << "fovea: warning: " << message << std::endl;
}

Json environment(int threads) {
  return {{"fovea", FOVEA_VERSION}, {"libtorch", TORCH_VERSION}, {"blas", loaded_blas()}, {"threads", threads}};
}

int run_program(int argc, const char* const* argv) {
  GlobalOptions global;
  const int available = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  global.threads = available;
  bool version = false;

  CLI::App app{"fovea: train image classifiers that attend, and see where they attended", "fovea"};
  app.fallthrough();
  app.require_subcommand(0, 1);
  app.failure_message([](const CLI::App*, const CLI::Error& error) { return std::string(error.what()); });
  app.add_option("--threads", global.threads, "threads to compute with (default: all cores); never changes a result")
      ->check(CLI::Range(1, 1024));
  app.add_option("--seed", global.seed, "seed of every random draw; overrides the configuration's");
  app.add_option("--device", global.device, "auto, cpu, cuda or cuda:<index>")->capture_default_str();
  app.add_flag("--quiet", global.quiet, "no progress on stderr");
  app.add_flag("--json", global.json, "one JSON document on stdout instead of text");
  app.add_flag("--version", version, "versions, BLAS and threads in use");

  std::vector<std::pair<CLI::App*, Action>> commands;
  for (const auto add : {add_train_command, add_eval_command, add_predict_command, add_overlay_command, add_convert_command,
                         add_list_command, add_bench_command}) {
    Action action = add(app);
    commands.emplace_back(app.get_subcommands({}).back(), std::move(action));
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& request) {  // --help
    return app.exit(request);
  } catch (const CLI::ParseError& error) {
    return report(first_line(error.what()) + "; see fovea --help", kUserError);
  }

  return guarded([&]() -> int {
    at::set_num_threads(std::min(global.threads, available));  // more would only wait for each other
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
