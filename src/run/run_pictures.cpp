#include <cmath>
#include <filesystem>
#include <optional>

#include <fovea/base/file.h>
#include <fovea/image/encode.h>
#include <fovea/report/calibration_picture.h>
#include <fovea/report/confusion_picture.h>
#include <fovea/report/learning_curves.h>
#include <fovea/run/run_pictures.h>

namespace fovea {
namespace {

std::optional<double> unless_nan(double number) {
  return std::isnan(number) ? std::nullopt : std::optional(number);
}

CurvePoint curve_point(const EpochRecord& record) {
  return {.epoch = record.epoch,
          .train_loss = unless_nan(record.train_loss),
          .train_top1 = unless_nan(record.train_top1),
          .val_loss = record.val_loss,
          .val_top1 = record.val_top1,
          .learning_rate = unless_nan(record.learning_rate)};
}

}  // namespace

void write_curves(const RunDirectory& run, std::optional<std::int64_t> selected_epoch) {
  std::vector<CurvePoint> points;
  for (const EpochRecord& record : run.read_metrics()) points.push_back(curve_point(record));
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
