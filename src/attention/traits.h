#pragma once

#include <string>
#include <vector>

namespace fovea {

/// Elements attended to: positions of the image plane, or items (channels, branches, vectors, tokens, steps).
enum class Where { location, item };
/// Kind of selection: a differentiable weighted sum (soft), or one or few elements, the rest not read (hard).
enum class Selects { soft, hard };
/// Source of the query: the attended features themselves (self-attention), or anything else, e.g. a global vector, a learned
/// token or a recurrent state (context attention, cross-attention).
enum class Query { self, context };
/// Axis along which the elements are weighted or chosen.
enum class Axis { channel, spatial, branch, token, region };

/// Taxonomy of a mechanism or model. Each trait is a list: CBAM is location-wise and item-wise.
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
