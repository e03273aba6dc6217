#pragma once

#include <map>
#include <optional>
#include <string>

#include <fovea/config/value.h>

namespace fovea {

/// A peer's constructor call in our terms.
struct PeerCall {
  std::string mechanism;  ///< row of the mechanism registry
  std::int64_t channels = 0;
  Json options = Json::object();
};

/// Translates a golden file's `constructor` and `args`. @return nothing when no mechanism of ours stands for that
/// constructor yet. @throws InputError for an argument that has no counterpart.
std::optional<PeerCall> translate_peer_call(const std::string& constructor, const Json& arguments);

}  // namespace fovea
