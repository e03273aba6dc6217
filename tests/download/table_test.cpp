// datasets/downloads.tsv, which tools/download.sh reads, and datasets/README.md, which people read, say the same.

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "file_text.h"
#include "script_run.h"

namespace fovea {
namespace {

using testing::HasSubstr;

const std::string kDatasetsFolder = FOVEA_SOURCE_DIR "/datasets/";

/// A line of downloads.tsv.
struct Download {
  std::string name, sha256, bytes, path;
  std::vector<std::string> urls;
};

std::vector<std::string> split_at(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

std::vector<Download> read_downloads() {
  std::vector<Download> downloads;
  for (const std::string& line : split_at(file_text(kDatasetsFolder + "downloads.tsv"), '\n')) {
    if (line.starts_with('#')) continue;
    const std::vector<std::string> fields = split_at(line, '\t');
    if (fields.size() == 5) {
      downloads.push_back({fields[0], fields[1], fields[2], fields[3], split_at(fields[4], ' ')});
    } else {
      ADD_FAILURE() << "expected five fields: " << line;
    }
  }
  return downloads;
}

/// A line of the README's table of files, without the code marks.
struct PublishedFile {
  std::string name, file, bytes;
  bool operator==(const PublishedFile&) const = default;
};

/// By SHA-256. A line without a name belongs to the data set above it.
std::map<std::string, PublishedFile> read_published_files() {
  std::map<std::string, PublishedFile> files;
  std::string name;
  std::string text = file_text(kDatasetsFolder + "README.md");
  std::erase(text, '`');
  for (const std::string& line : split_at(text, '\n')) {
    std::istringstream cells(line);
    std::string first, file, bytes, sha256, bar;
    cells >> bar >> first;
    if (first != "|") {
      name = first;
      cells >> bar;
    }
    cells >> file >> bar >> bytes >> bar >> sha256;
    const bool is_sum = sha256.size() == 64 && sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (line.starts_with('|') && is_sum) files[sha256] = {name, file, bytes};
  }
  return files;
}

std::string after_last_slash(const std::string& url) {
  return url.substr(url.rfind('/') + 1);
}

TEST(DownloadTableTest, ReadmeListsTheSameFiles) {
  const std::vector<Download> downloads = read_downloads();
  const std::map<std::string, PublishedFile> published = read_published_files();
  ASSERT_EQ(downloads.size(), 12);
  EXPECT_EQ(published.size(), downloads.size());
  for (const Download& download : downloads) {
    SCOPED_TRACE(download.name + " " + download.path);
    const auto found = published.find(download.sha256);
    ASSERT_NE(found, published.end()) << "datasets/README.md lacks " << download.sha256;
    EXPECT_EQ(found->second.name, download.name);
    EXPECT_EQ(found->second.file, after_last_slash(download.urls.front()));
    EXPECT_EQ(found->second.bytes, download.bytes);
  }
}

TEST(DownloadTableTest, ReadmeNamesEveryServerAndCommand) {
  const std::string readme = file_text(kDatasetsFolder + "README.md");
  for (const Download& download : read_downloads()) {
    EXPECT_THAT(readme, HasSubstr("`tools/download.sh " + download.name + "`"));
    for (const std::string& url : download.urls) {
      EXPECT_THAT(readme, HasSubstr("<" + url.substr(0, url.rfind('/') + 1) + ">"));
    }
  }
}

TEST(DownloadTableTest, EveryServerCallsAFileTheSame) {
  for (const Download& download : read_downloads()) {
    const std::string& path = download.path;
    const bool archive = path.ends_with('/');
    for (const std::string& url : download.urls) {
      EXPECT_EQ(url.ends_with(".tar.gz"), archive) << url;
      EXPECT_EQ(after_last_slash(url), archive ? after_last_slash(download.urls.front()) : after_last_slash(path)) << url;
    }
  }
}

}  // namespace
}  // namespace fovea
