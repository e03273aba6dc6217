#pragma once

#include <functional>
#include <vector>

#include <fovea/config/config_node.h>

namespace fovea {

/// Time of a computation in milliseconds: median, 10th and 90th percentile of many runs.
struct Timing {
  double median = 0;
  double p10 = 0;
  double p90 = 0;
};

/// Runs `compute` a few times to warm up, then at least 10 times and for at least `seconds`.
Timing time_repeatedly(const std::function<void()>& compute, double seconds);

/// Times several computations likewise, one run of each in turn, so that other load on the machine affects all alike.
std::vector<Timing> time_alternately(const std::vector<std::function<void()>>& computations, double seconds);

/// {median, p10, p90}.
Json to_json(const Timing& timing);

}  // namespace fovea
