#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace fovea {

/// The WordNet ID at the start of a name, as folders of ImageNet are called: "n01440764" of "n01440764" and of
/// "n01440764-tench". None without one.
std::optional<std::string> wordnet_id_in(const std::string& name);

/// Number of the class of ImageNet-1k (see imagenet_classes()) with a WordNet ID, or a name that begins with one. None for
/// another.
std::optional<std::int64_t> imagenet_class_of(const std::string& wordnet_id);

/// WordNet ID of a class of ImageNet-1k. @param label in [0, 1000).
std::string imagenet_wordnet_id(std::int64_t label);

}  // namespace fovea
