#include "progress.h"

#include <chrono>
#include <iostream>
#include <mutex>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fovea/base/number_text.h>
#include <fovea/base/printable.h>

#include "program.h"

namespace fovea {
namespace {

using ProgressClock = std::chrono::steady_clock;

std::string describe(const TrainingProgress& progress) {
  return "loss " + fixed_text(progress.loss, 4) + "  top-1 " + fixed_text(progress.top1, 4) + "  " +
         fixed_text(progress.images_per_second, 0) + " images/s  " + duration_text(progress.remaining_seconds) + " left";
}

std::string epoch_text(std::int64_t epoch, std::int64_t epochs) {
  return "epoch " + std::to_string(epoch) + "/" + std::to_string(epochs);
}

std::string describe(const EpochRecord& record) {
  std::string text = "train loss " + fixed_text(record.train_loss, 4) + "  top-1 " + fixed_text(record.train_top1, 4);
  if (record.val_top1)
    text += "  | val loss " + fixed_text(*record.val_loss, 4) + "  top-1 " + fixed_text(*record.val_top1, 4);
  return text + "  | " + fixed_text(record.images_per_second, 0) + " images/s  " + fixed_text(record.seconds, 1) + " s";
}

/// Limits the rate of updates.
class RateLimit {
 public:
  explicit RateLimit(std::chrono::milliseconds interval) : interval_(interval) {}
  bool due() {
    const auto now = ProgressClock::now();
    if (now - last_ < interval_) return false;
    last_ = now;
    return true;
  }

 private:
  std::chrono::milliseconds interval_;
  ProgressClock::time_point last_ = ProgressClock::now();
};

/// Keeps lines whole: warnings come from the threads that read images.
std::mutex line_mutex;

/// One line per epoch, and one every half minute in between: for logs.
class PlainDisplay final : public TrainingDisplay {
 public:
  void progressed(const TrainingProgress& progress) override {
    if (!rate_limit_.due()) return;
    const std::lock_guard lock(line_mutex);
    const double percent = 100.0 * static_cast<double>(progress.images) / static_cast<double>(progress.epoch_images);
    std::cerr << epoch_text(progress.epoch, progress.epochs) << "  " << fixed_text(percent, 0) << "%  " << describe(progress)
              << std::endl;
  }
  void epoch_finished(const EpochRecord& record, std::int64_t epochs) override {
    note(epoch_text(record.epoch, epochs) + "  " + describe(record));
  }
  void note(const std::string& text) override {
    const std::lock_guard lock(line_mutex);
    std::cerr << printable(text) << std::endl;
  }

 private:
  RateLimit rate_limit_{std::chrono::seconds(30)};
};

/// Columns of the terminal behind stderr; 80 when unknown.
std::size_t terminal_columns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// A bar that is redrawn in place; each finished epoch leaves its line behind.
class BarDisplay final : public TrainingDisplay {
 public:
  ~BarDisplay() override {
    if (unfinished_) std::cerr << std::endl;  // what comes next, maybe an error, gets a line of its own
  }
  void progressed(const TrainingProgress& progress) override {
    if (!rate_limit_.due()) return;
    const std::lock_guard lock(line_mutex);
    constexpr std::int64_t kCells = 16;
    const std::int64_t filled = kCells * progress.images / progress.epoch_images;
    std::string bar(static_cast<std::size_t>(kCells), ' ');
    bar.replace(0, static_cast<std::size_t>(filled), static_cast<std::size_t>(filled), '=');
    const std::string line = epoch_text(progress.epoch, progress.epochs) + " [" + bar + "] " + describe(progress);
    std::cerr << kClearLine << line.substr(0, terminal_columns() - 1) << std::flush;
    unfinished_ = true;
  }
  void epoch_finished(const EpochRecord& record, std::int64_t epochs) override {
    note(epoch_text(record.epoch, epochs) + "  " + describe(record));
  }
  void note(const std::string& text) override {
    const std::lock_guard lock(line_mutex);
    std::cerr << kClearLine << printable(text) << std::endl;
    unfinished_ = false;
  }
  void warn(const std::string& text) override { note("fovea: warning: " + text); }

 private:
  static constexpr const char* kClearLine = "\r\x1b[2K";
  RateLimit rate_limit_{std::chrono::milliseconds(100)};
  bool unfinished_ = false;
};

}  // namespace

void TrainingDisplay::warn(const std::string& text) {
  const std::lock_guard lock(line_mutex);
  print_warning(text);
}

std::unique_ptr<TrainingDisplay> make_training_progress(bool quiet) {
  if (quiet) return std::make_unique<TrainingDisplay>();
  if (isatty(STDERR_FILENO) != 0) return std::make_unique<BarDisplay>();
  return std::make_unique<PlainDisplay>();
}

}  // namespace fovea
