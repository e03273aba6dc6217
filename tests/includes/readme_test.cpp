// Every room of src has a README that a newcomer can read in a minute, and links in the documentation lead somewhere.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace fovea {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = FOVEA_SOURCE_DIR;

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The files that a page of Markdown links to, without those of the web.
std::vector<std::string> local_links(const std::string& markdown) {
  const std::string opening = "](";
  std::vector<std::string> links;
  for (std::size_t at = markdown.find(opening); at != std::string::npos; at = markdown.find(opening, at)) {
    at += opening.size();
    const std::string target = markdown.substr(at, markdown.find_first_of(")# \n", at) - at);
    if (!target.empty() && target.find("://") == std::string::npos) links.push_back(target);
  }
  return links;
}

TEST(ReadmeTest, EveryRoomNamesTheFilesToReadFirst) {
  int rooms = 0;
  for (const auto& room : fs::directory_iterator(kRoot / "src")) {
    if (!room.is_directory()) continue;
    ++rooms;
    const std::string text = text_of(room.path() / "README.md");
    const std::vector<std::string> links = local_links(text);
    EXPECT_TRUE(text.starts_with("# ")) << room.path() << ": begin with a heading";
    const auto own = std::count_if(links.begin(), links.end(), [](const std::string& link) { return link.ends_with(".h"); });
    EXPECT_GE(own, 3) << room.path() << ": link the three files to read first";
    if (room.path().filename() == "attention") continue;  // has the tables of all mechanisms
    const auto lines = std::count(text.begin(), text.end(), '\n');
    EXPECT_TRUE(lines >= 10 && lines <= 40) << room.path() << " has " << lines << " lines";
  }
  EXPECT_GT(rooms, 12);
}

TEST(ReadmeTest, LinksLeadToFiles) {
  int pages = 0;
  for (const char* top : {"src", "models", "datasets", "tests", "tools", "."}) {
    for (auto entry = fs::recursive_directory_iterator(kRoot / top); entry != fs::recursive_directory_iterator(); ++entry) {
      if (std::string(top) == "." && entry->is_directory()) entry.disable_recursion_pending();
      if (entry->path().extension() != ".md") continue;
      ++pages;
      for (const std::string& link : local_links(text_of(entry->path()))) {
        EXPECT_TRUE(fs::exists(entry->path().parent_path() / link)) << entry->path() << " links to " << link;
      }
    }
  }
  EXPECT_GT(pages, 15);
}

TEST(ReadmeTest, ItsProgramsAreTheConsumersText) {
  const std::string readme = text_of(kRoot / "README.md");
  for (const char* program : {"attention/main.cpp", "application/photo.cpp", "application/train.cpp"}) {
    const std::string text = text_of(kRoot / "tests/consumer" / program);
    EXPECT_NE(readme.find("```cpp\n" + text + "```"), std::string::npos)
        << "README.md differs from tests/consumer/" << program;
  }
}

TEST(ReadmeTest, TheFirstPageIsShort) {
  const std::string text = text_of(kRoot / "README.md");
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 250);
}

TEST(CommandsTest, TheyAreThinAroundTheLibrary) {
  std::ptrdiff_t lines = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kRoot / "tools")) {
    const auto extension = entry.path().extension();
    if (extension != ".cpp" && extension != ".h") continue;
    const std::string text = text_of(entry.path());
    lines += std::count(text.begin(), text.end(), '\n');
  }
  EXPECT_GT(lines, 500);
  EXPECT_LT(lines, 2000) << "what the program can do belongs into src/run";
}

}  // namespace
}  // namespace fovea
