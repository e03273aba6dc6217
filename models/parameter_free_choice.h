#pragma once

#include <string>
#include <utility>
#include <vector>

#include <fovea/config/config_node.h>

namespace fovea {

/// A choice of a network that adds no parameters. Names and shapes of a file of weights are the same whatever it is, so that
/// the file cannot tell it, and another choice predicts otherwise without an error. A network's row lists its own.
struct ParameterFreeChoice {
  std::string about;        ///< e.g. "activation"
  std::string value = {};   ///< where no option chooses, e.g. "ReLU"
  std::string option = {};  ///< field of the network's options that chooses; empty: none does
  /// The option's words and what each means, e.g. {"pad", "zeros behind the channels"}. A word that is not listed has
  /// parameters, which the file shows. Numbers need no entry.
  std::vector<std::pair<std::string, std::string>> words = {};
};

/// A choice as a network makes it.
struct AssumedChoice {
  std::string about;
  std::string value;                ///< e.g. "pad"
  std::string meaning = {};         ///< e.g. "zeros behind the channels"; empty where the value says it
  std::string key = {};             ///< configuration key that changes it, e.g. "model.shortcut"; empty: none does
  std::vector<std::string> others;  ///< further values of the key
};

/// The choices that a network makes. @param model its resolved section `model`.
std::vector<AssumedChoice> assumed_choices(const std::vector<ParameterFreeChoice>& choices, const Json& model);

}  // namespace fovea
