#pragma once

#include <functional>
#include <vector>

#include <fovea/config/config_node.h>

namespace fovea {

/// How long a computation takes, in milliseconds: the median of many runs, and what nine of ten runs need at least and at
/// most.
struct Timing {
  double median = 0;
  double p10 = 0;
  double p90 = 0;
};

/// Runs `compute` a few times to warm up, then at least 10 times and for at least `seconds`.
Timing time_repeatedly(const std::function<void()>& compute, double seconds);

/// Several computations, one run of each in turn, so that what slows the machine down meets all of them alike.
std::vector<Timing> time_alternately(const std::vector<std::function<void()>>& computations, double seconds);

/// {median, p10, p90}.
Json to_json(const Timing& timing);

}  // namespace fovea
