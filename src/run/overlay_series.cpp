#include <algorithm>
#include <filesystem>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/base/torch_compat.h>
#include <fovea/run/overlay_series.h>
#include <fovea/run/with_photo.h>

namespace fovea {
namespace {

std::string sheet_stem(const Overlayer& overlayer, const OverlaySeriesOptions& options) {
  const std::string source = options.name.empty() ? "" : options.name + ".";
  return options.folder + "/" + kContactSheet + "." + source + overlayer.selection();
}

std::string sheet_title(const Overlayer& overlayer, const OverlaySeriesOptions& options) {
  return options.title.empty() ? overlayer.title() : overlayer.title() + " · " + options.title;
}

std::string caption_text(const NamedPhoto& photo) {
  return photo.caption.empty() ? std::filesystem::path(photo.path).filename().string() : photo.caption;
}

}  // namespace

std::vector<std::string> reserved_overlay_names() {
  return {kContactSheet, kSplitFolder};
}

OverlaySeries::OverlaySeries(const Overlayer& overlayer, OverlaySeriesOptions options)
    : overlayer_(overlayer),
      options_(std::move(options)),
      sheet_(sheet_stem(overlayer, options_), sheet_title(overlayer, options_), overlayer.tiles_per_photo()),
      team_(options_.threads, compat::use_one_operator_thread) {
  make_directories(options_.folder);
}

std::int64_t OverlaySeries::draw(const std::vector<NamedPhoto>& photos) {
  const std::int64_t before = unreadable_;
  const auto threads = static_cast<std::size_t>(options_.threads);
  for (std::size_t begin = 0; begin < photos.size(); begin += threads) {
    const std::size_t count = std::min(photos.size() - begin, threads);
    draw_together(static_cast<std::int64_t>(count), [&](std::size_t i) {
      const NamedPhoto& photo = photos[begin + i];
      try {
        return with_photo(photo, overlayer_.model(), [&](Image image) {
          return drawn(std::move(image), photo, {caption_text(photo), {}});
        });
      } catch (const InputError& error) {
        if (photos.size() == 1) throw;
        return Drawn{{}, {}, error.what()};
      }
    });
  }
  return unreadable_ - before;
}

std::int64_t OverlaySeries::draw(SplitImages& images) {
  std::int64_t count = 0;
  for (std::vector<LabelledImage> some = images.next(); !some.empty(); some = images.next()) {
    count += std::ssize(some);
    draw_together(std::ssize(some), [&](std::size_t i) {
      LabelledImage& one = some[i];
      try {
        return drawn(std::move(one.image), one.photo, {caption_text(one.photo), one.truth});
      } catch (const InputError& error) {
        throw InputError(one.photo.path + ": " + error.what());
      }
    });
  }
  return count;
}

OverlaySeries::Drawn OverlaySeries::drawn(Image image, const NamedPhoto& photo, const PhotoCaption& caption) const {
  const Overlay overlay = overlayer_(std::move(image), caption);
  return {write_overlay(overlay, photo, options_.folder, options_.maps), overlay.tiles(), ""};
}

void OverlaySeries::draw_together(std::int64_t count, const std::function<Drawn(std::size_t)>& draw_one) {
  std::vector<Drawn> photos(static_cast<std::size_t>(count));
  team_.run(count, [&](std::int64_t i) { photos[static_cast<std::size_t>(i)] = draw_one(static_cast<std::size_t>(i)); });
  for (Drawn& photo : photos) collect(std::move(photo));
}

void OverlaySeries::collect(Drawn photo) {
  if (!photo.failure.empty()) {
    ++unreadable_;
    if (options_.warn) options_.warn(photo.failure);
    return;
  }
  const std::string page = sheet_.add(std::move(photo.tiles));
  for (OverlayFiles& files : photo.files) files.sheet = page;
  if (options_.on_photo) options_.on_photo(photo.files);
}

}  // namespace fovea
