#include <utility>

#include <fovea/attention/insertion_point.h>
#include <fovea/options/check.h>

namespace fovea {

const char* to_string(InsertionKind kind) {
  constexpr const char* kNames[] = {"input", "block", "conv", "stage", "pool"};
  return kNames[static_cast<int>(kind)];
}

InsertionPoint expect_channels(InsertionPoint point, const std::string& where) {
  expect_positive(point.in.channels, where + ": channels");
  return point;
}

InsertionPoint expect_mixer_channels(InsertionPoint point, const std::string& where) {
  expect_positive(point.out_channels, where + ": out_channels");
  expect_positive(point.stride, where + ": stride");
  return expect_channels(std::move(point), where);
}

InsertionPoint expect_size(InsertionPoint point, const std::string& where) {
  expect_positive(point.in.height, where + ": height");
  expect_positive(point.in.width, where + ": width");
  return point;
}

}  // namespace fovea
