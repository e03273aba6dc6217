#pragma once

#include <string>
#include <vector>

namespace fovea {

/// What attention chooses from: positions of the image plane, or items (channels, branches, vectors, tokens, steps).
enum class Where { location, item };
/// How: a differentiable weighted sum (soft), or one or few taken and the rest not read (hard).
enum class Selects { soft, hard };
/// Where the query comes from: the attended features themselves (self-attention), or elsewhere, e.g. a global vector, a
/// learned token or a recurrent state (context attention, cross-attention).
enum class Query { self, context };
/// The axis along which choices are made.
enum class Axis { channel, spatial, branch, token, region };

/// The taxonomy of a mechanism or model. Each is a list: CBAM is location-wise and item-wise.
struct Traits {
  std::vector<Where> where;
  std::vector<Selects> selects;
  std::vector<Query> query;
  std::vector<Axis> axis;
};

const char* to_string(Where where);
const char* to_string(Selects selects);
const char* to_string(Query query);
const char* to_string(Axis axis);

}  // namespace fovea
