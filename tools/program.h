#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <fovea/config/config_node.h>

namespace fovea {

/// Exit codes of the program.
enum ExitCode : int { kDone = 0, kFailed = 1, kUserError = 2, kInterrupted = 130 };

/// Options of every command.
struct GlobalOptions {
  int threads = 1;  ///< set from the machine by run_program()
  std::optional<std::int64_t> seed;
  std::string device = "auto";
  bool quiet = false;
  bool json = false;

  /// `settings` with --seed as the last one.
  std::vector<std::string> with_seed(std::vector<std::string> settings) const;
};

/// Runs a command; returns its exit code.
using Action = std::function<int(const GlobalOptions&)>;

/// Each adds one command to the program and returns its action.
Action add_train_command(CLI::App& app);
Action add_eval_command(CLI::App& app);
Action add_predict_command(CLI::App& app);
Action add_overlay_command(CLI::App& app);
Action add_convert_command(CLI::App& app);
Action add_list_command(CLI::App& app);
Action add_bench_command(CLI::App& app);

/// Parses the command line, runs the command, and turns every error into one line on stderr and an exit code.
int run_program(int argc, const char* const* argv);

/// Prints a document on stdout, where nothing else may be printed.
void print_json(const Json& document);

/// Prints a list on stdout entry by entry: the text of print_json() of the whole list, in the memory of one entry.
class JsonListPrinter {
 public:
  void add(const Json& entry);
  /// Ends the list.
  void finish();

 private:
  bool is_empty_ = true;
};

/// Keeps freed memory in the process: glibc gives large blocks back to the kernel on every free, so each training step would
/// page-fault its activations anew. Worth several per cent where the same sizes return; where they differ, as those of
/// photos, the memory would grow.
void keep_freed_memory();

/// A list of results as a document.
template <typename Results>
Json json_list(const Results& results) {
  Json list = Json::array();
  for (const auto& result : results) list.push_back(to_json(result));
  return list;
}

/// Prints a note, one line on stderr.
void print_note(const std::string& message);

/// Prints a warning, one line on stderr.
void print_warning(const std::string& message);

}  // namespace fovea
