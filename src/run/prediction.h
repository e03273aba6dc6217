#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <fovea/config/config_node.h>

namespace fovea {

/// A class and its probability.
struct ClassProbability {
  std::int64_t label = 0;  ///< the class's number
  std::string name;
  double probability = 0;  ///< in [0, 1]
};

/// Prediction of a network for one photo.
struct Prediction {
  std::vector<ClassProbability> classes;  ///< the most probable first
};

/// {class, name, probability}.
Json to_json(const ClassProbability& probability);

/// A list of these.
Json to_json(const Prediction& prediction);

/// {image, topk}: the entry of a photo in the document of `fovea predict --json`. @param image path of the photo.
Json to_json(const Prediction& prediction, const std::string& image);

}  // namespace fovea
