#include <fovea/attention/bottleneck_width.h>

namespace fovea {

void BottleneckOptions::visit_fields(FieldVisitor& fields) {
  fields.real("reduction_ratio", reduction_ratio, {.minimum = 0.001}, "bottleneck width is channels / reduction_ratio");
  fields.integer("reduced_channels", reduced_channels, {0, 1 << 16},
                 "bottleneck width itself; 0 takes it from reduction_ratio");
  fields.integer("divisor", divisor, {1, 1024}, "the width from reduction_ratio is a multiple of this");
}

}  // namespace fovea
