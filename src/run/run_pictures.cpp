#include <filesystem>
#include <limits>
#include <optional>

#include <fovea/base/file.h>
#include <fovea/image/encode.h>
#include <fovea/report/calibration_picture.h>
#include <fovea/report/confusion_picture.h>
#include <fovea/report/learning_curves.h>
#include <fovea/run/run_pictures.h>

namespace fovea {
namespace {

/// A number of a line of metrics.jsonl; none for null.
std::optional<double> number_of(const Json& line, const char* key) {
  const auto found = line.find(key);
  if (found == line.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

CurvePoint curve_point(const Json& line) {
  const auto number = [&](const char* key) {
    return number_of(line, key).value_or(std::numeric_limits<double>::quiet_NaN());
  };
  CurvePoint point;
  point.epoch = static_cast<std::int64_t>(number_of(line, "epoch").value_or(0));
  point.train_loss = number("train_loss");
  point.train_top1 = number("train_top1");
  point.val_loss = number_of(line, "val_loss");
  point.val_top1 = number_of(line, "val_top1");
  point.learning_rate = number("learning_rate");
  return point;
}

}  // namespace

void write_curves(const RunDirectory& run, std::optional<std::int64_t> selected_epoch) {
  std::vector<CurvePoint> points;
  for (const Json& line : run.read_metrics()) points.push_back(curve_point(line));
  CurveOptions options;
  options.title = std::filesystem::path(run.path()).filename().string();
  options.selected_epoch = selected_epoch;
  write_png(run.curves(), learning_curves(points, options));
}

void write_score_pictures(const RunDirectory& run, Split split, const ClassificationMetrics& metrics,
                          const std::vector<std::string>& classes) {
  const std::string name = to_string(split);
  write_file_atomically(run.confusion(name), confusion_csv(metrics, classes));
  write_png(run.confusion_picture(name), confusion_picture(metrics.confusion(), classes));
  write_png(run.calibration_picture(name), calibration_picture(metrics.calibration()));
}

}  // namespace fovea
