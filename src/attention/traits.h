#pragma once

#include <string>
#include <vector>

namespace fovea {

/// What attention chooses from: positions of the image plane, or items (channels, branches, vectors, tokens, steps).
enum class Where { location, item };
/// How: a differentiable weighted sum, or one or few taken and the rest not read.
enum class Selects { soft, hard };
/// Who asks: the attended features themselves, or a query from outside.
enum class Asks { self, context };
/// The axis along which choices are made.
enum class Axis { channel, spatial, branch, token, region };

/// The taxonomy of a mechanism or model. Each is a list: CBAM is location-wise and item-wise.
struct Traits {
  std::vector<Where> where;
  std::vector<Selects> selects;
  std::vector<Asks> asks;
  std::vector<Axis> axis;
};

const char* to_string(Where where);
const char* to_string(Selects selects);
const char* to_string(Asks asks);
const char* to_string(Axis axis);

}  // namespace fovea
