#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <fovea/base/thread_team.h>
#include <fovea/draw/contact_sheet.h>
#include <fovea/draw/sheet_pages.h>
#include <fovea/run/experiment_data.h>
#include <fovea/run/overlay_files.h>
#include <fovea/run/overlayer.h>
#include <fovea/run/split_images.h>

namespace fovea {

struct OverlaySeriesOptions {
  std::string folder;                 ///< of the files; made if it is missing
  std::string name = {};              ///< what is drawn, in the name of the contact sheet, e.g. "split_test"; empty: photos
  std::string title = {};             ///< likewise in its title, e.g. "test images"
  bool maps = false;                  ///< also writes the raw maps
  int threads = available_threads();  ///< photos drawn at the same time
  /// Called with the entries of each photo, in the order of the photos.
  std::function<void(const std::vector<OverlayFiles>&)> on_photo = {};
  Warn warn = {};  ///< called for photos that cannot be read
};

/// First letters of the names of contact sheets, which no photo's files may have.
inline constexpr const char* kContactSheet = "contact_sheet";

/// The names of photos that a series reserves for its other files: those of contact sheets, and the folders of splits. See
/// expand_images().
std::vector<std::string> reserved_overlay_names();

/// Draws a model's attention or explanations on many photos, a few at a time, and a contact sheet of all of them:
/// contact_sheet.SELECTION.png, contact_sheet.SELECTION-2.png, ... (see Overlay::selection()), and those of a split
/// contact_sheet.split_test.SELECTION.png. A contact sheet shows one series: every page of an earlier one of the same name
/// is removed. Other files of the folder stay, and those of a photo replace earlier ones of the same name.
class OverlaySeries {
 public:
  /// @param overlayer must outlive the series.
  OverlaySeries(const Overlayer& overlayer, OverlaySeriesOptions options);

  /// Draws photos of files. @return how many of them could not be read, which are warned about; a single one is an error.
  std::int64_t draw(const std::vector<NamedPhoto>& photos);
  /// Draws images of a data set. @return how many.
  std::int64_t draw(SplitImages& images);

  /// Writes the last page of the contact sheet. @return the paths of all pages.
  std::vector<std::string> finish() { return sheet_.finish(); }

 private:
  struct Drawn {
    std::vector<OverlayFiles> files;
    std::vector<Tile> tiles;
    std::string failure;  ///< empty when there is none
  };

  Drawn drawn(Image image, const NamedPhoto& photo, const PhotoCaption& caption) const;
  /// Draws `count` photos at the same time. @param draw_one draws the photo of an index.
  void draw_together(std::int64_t count, const std::function<Drawn(std::size_t)>& draw_one);
  void collect(Drawn photo);

  const Overlayer& overlayer_;
  OverlaySeriesOptions options_;
  SheetPages sheet_;
  ThreadTeam team_;
  std::int64_t unreadable_ = 0;
};

}  // namespace fovea
