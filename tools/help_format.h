#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace fovea {

/// Layout of --help: lines of at most 80 columns; defaults, ranges and exclusions are part of an option's sentence.
class HelpFormat final : public CLI::Formatter {
 public:
  HelpFormat();

  std::string make_description(const CLI::App* app) const override;
  std::string make_subcommand(const CLI::App* command) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
};

}  // namespace fovea
