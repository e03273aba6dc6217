#pragma once

#include <functional>
#include <vector>

#include <fovea/config/config_node.h>

namespace fovea {

/// Median, 10th and 90th percentile of many measurements.
struct Quantiles {
  double median = 0;
  double p10 = 0;
  double p90 = 0;
};

/// Milliseconds of a computation: runs `compute` a few times to warm up, then at least 10 times and for at least `seconds`.
Quantiles time_repeatedly(const std::function<void()>& compute, double seconds);

/// Times several computations likewise, one run of each in turn, so that other load on the machine affects all alike.
std::vector<Quantiles> time_alternately(const std::vector<std::function<void()>>& computations, double seconds);

/// {median, p10, p90}.
Json to_json(const Quantiles& quantiles);

}  // namespace fovea
