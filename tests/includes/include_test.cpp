// Checks every source file against tests/include_rules.txt.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporary_directory.h"

namespace fovea {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// tests/include_rules.txt.
struct Rules {
  std::map<std::string, std::set<std::string>> folders;  ///< a folder and those it may include; "*" is every folder
  std::map<std::string, std::set<std::string>>
      third_party;  ///< the beginning of a header's name and which folders or files may include it
};

std::string trim(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string> read_lines(const fs::path& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(trim(line));
  return lines;
}

Rules read_rules(const fs::path& path) {
  Rules rules;
  for (const std::string& line : read_lines(path)) {
    if (line.empty() || line.front() == '#') continue;
    const auto colon = line.find(':');
    if (colon == std::string::npos) throw std::runtime_error(path.string() + ": no colon in '" + line + "'");
    std::istringstream words(line.substr(colon + 1));
    std::set<std::string> names;
    for (std::string name; words >> name;) names.insert(name);
    if (line.front() == '<') {
      rules.third_party[trim(line.substr(1, line.find('>') - 1))] = names;
    } else {
      rules.folders[trim(line.substr(0, colon))] = names;
    }
  }
  return rules;
}

std::string join(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text.empty() ? "nothing" : text;
}

/// The name between the brackets or quotes of an #include line, with its opening character; empty for other lines.
std::string included_name(const std::string& line) {
  if (line.empty() || line.front() != '#') return "";
  const std::string directive = trim(line.substr(1));
  if (!directive.starts_with("include")) return "";
  const auto first = directive.find_first_of("<\"");
  if (first == std::string::npos) return "";
  return directive.substr(first, directive.find_first_of(">\"", first + 1) - first);
}

/// "nn" for "fovea/nn/classifier.h", "run" for its umbrella header "fovea/fovea.h", "" for a name outside fovea.
std::string included_folder(std::string_view name) {
  if (name == "fovea/fovea.h") return "run";
  constexpr std::string_view kPrefix = "fovea/";
  if (!name.starts_with(kPrefix)) return "";
  name.remove_prefix(kPrefix.size());
  return std::string(name.substr(0, name.find('/')));
}

bool is_internal(std::string_view path) {
  return path.find("/internal/") != std::string_view::npos;
}

/// Fault of one #include of an internal header of the folder `owner`; empty without one.
std::string internal_complaint(const std::string& file, const std::string& folder, const std::string& owner) {
  if (folder == "tests") return "";
  if (folder != owner) return folder + " may not include an internal header of " + owner;
  if (file.ends_with(".h") && !is_internal(file)) return "an installed header may not include an internal one";
  return "";
}

/// Fault of one #include of `file` in `folder`; empty without one.
std::string complaint(const Rules& rules, const std::string& file, const std::string& folder, const std::string& include) {
  const std::string name = include.substr(1);
  if (include.front() == '"') {
    if (folder == "tools" || folder == "tests") return "";
    return folder + " may not include \"" + name + "\" by a quoted name; write <fovea/...>";
  }
  const std::string other = included_folder(name);
  if (!other.empty() && is_internal(name)) {
    if (const std::string problem = internal_complaint(file, folder, other); !problem.empty()) return problem;
  }
  if (!other.empty() && other != folder) {
    const auto& allowed = rules.folders.at(folder);
    if (!rules.folders.contains(other)) return "no folder is called " + other + " in tests/include_rules.txt";
    if (allowed.contains("*") || allowed.contains(other)) return "";
    return folder + " may not include " + other + " (allowed: " + join(allowed) + ")";
  }
  for (const auto& [prefix, allowed] : rules.third_party) {
    if (!name.starts_with(prefix) || allowed.contains(folder) || allowed.contains(file)) continue;
    return folder + " may not include <" + name + "> (only: " + join(allowed) + ")";
  }
  return "";
}

struct Scan {
  int files = 0;
  int includes = 0;
  std::map<std::string, std::set<std::string>> used;  ///< a folder and the others that it includes
  std::vector<std::string> violations;                ///< "file:line: what is wrong", the file relative to the scanned root
};

void scan_file(const Rules& rules, const fs::path& root, const fs::path& path, const std::string& folder, Scan& scan) {
  const std::string shown = fs::relative(path, root).generic_string();
  if (!rules.folders.contains(folder)) {
    scan.violations.push_back(shown + ":1: no folder is called " + folder + " in tests/include_rules.txt");
    return;
  }
  const std::vector<std::string> lines = read_lines(path);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string include = included_name(lines[i]);
    if (include.empty()) continue;
    ++scan.includes;
    if (const std::string other = included_folder(std::string_view(include).substr(1)); !other.empty()) {
      scan.used[folder].insert(other);
    }
    const std::string problem = complaint(rules, shown, folder, include);
    if (!problem.empty()) scan.violations.push_back(shown + ":" + std::to_string(i + 1) + ": " + problem);
  }
  if (path.extension() == ".h" && std::find(lines.begin(), lines.end(), "#pragma once") == lines.end()) {
    scan.violations.push_back(shown + ":1: a header begins with #pragma once");
  }
  ++scan.files;
}

/// Scans src/<folder>, models, datasets, tools and tests below `root`, in the order of their names.
Scan scan_tree(const Rules& rules, const fs::path& root) {
  std::vector<fs::path> paths;
  for (const char* top : {"src", "models", "datasets", "tools", "tests"}) {
    if (!fs::exists(root / top)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const fs::path extension = entry.path().extension();
      if (entry.is_regular_file() && (extension == ".h" || extension == ".cpp")) paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  Scan scan;
  for (const fs::path& path : paths) {
    const fs::path relative = fs::relative(path, root);
    auto part = relative.begin();
    if (*part == "src") ++part;
    scan_file(rules, root, path, part->string(), scan);
  }
  return scan;
}

const fs::path kSource = FOVEA_SOURCE_DIR;

const Rules& tree_rules() {
  static const Rules rules = read_rules(kSource / "tests/include_rules.txt");
  return rules;
}

TEST(IncludeRulesTest, TheTreeFollowsThem) {
  const Scan scan = scan_tree(tree_rules(), kSource);
  EXPECT_GT(scan.files, 50);
  EXPECT_GT(scan.includes, 200);
  for (const std::string& violation : scan.violations) ADD_FAILURE() << violation;
}

TEST(IncludeRulesTest, NoFolderMayIncludeWhatItDoesNot) {
  const Scan scan = scan_tree(tree_rules(), kSource);
  for (const auto& [folder, allowed] : tree_rules().folders) {
    for (const std::string& other : allowed) {
      if (other == "*") continue;
      EXPECT_TRUE(scan.used.contains(folder) && scan.used.at(folder).contains(other))
          << folder << " includes no header of " << other << ": remove it from tests/include_rules.txt";
    }
  }
}

/// "`base`, `options` and `nn`", in the order of the table.
std::string quoted_list(const std::set<std::string>& names) {
  std::vector<std::string> ordered;
  for (const std::string& line : read_lines(kSource / "tests/include_rules.txt")) {
    const std::string folder = line.substr(0, line.find(':'));
    if (names.contains(folder)) ordered.push_back("`" + folder + "`");
  }
  std::string text;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    if (i > 0) text += i + 1 == ordered.size() ? " and " : ", ";
    text += ordered[i];
  }
  return text;
}

TEST(IncludeRulesTest, ReadmesOfRoomsSayTheSame) {
  int pages = 0;
  for (const auto& [folder, allowed] : tree_rules().folders) {
    const fs::path page = kSource / "src" / folder / "README.md";
    if (allowed.empty() || folder == "run" || !fs::exists(page)) continue;  // base includes nothing, run every library
    const std::vector<std::string> lines = read_lines(page);
    EXPECT_THAT(lines, testing::Contains("It may include " + quoted_list(allowed) + ".")) << page;
    ++pages;
  }
  EXPECT_GT(pages, 12);
}

TEST(IncludeRulesTest, LayersPointDownwards) {
  EXPECT_FALSE(tree_rules().third_party.empty());
  for (const auto& [folder, allowed] : tree_rules().folders) {
    for (const std::string& other : allowed) {
      if (other == "*") continue;
      ASSERT_TRUE(tree_rules().folders.contains(other))
          << folder << " may include " << other << ", which has no line of its own";
      EXPECT_FALSE(tree_rules().folders.at(other).contains(folder)) << folder << " and " << other << " include each other";
    }
  }
}

/// Libraries that a library links, and those that they link in turn. @param links of each library, direct ones.
std::set<std::string> linked(const std::map<std::string, std::set<std::string>>& links, const std::string& library) {
  std::set<std::string> all;
  for (const std::string& other : links.at(library)) {
    all.insert(other);
    all.merge(linked(links, other));
  }
  return all;
}

TEST(IncludeRulesTest, LibrariesAreLinkedToTheFoldersTheyMayIncludeAndToNoOther) {
  const auto links = read_rules(FOVEA_LINK_RULES).folders;  // written by CMake
  for (const auto& [folder, allowed] : tree_rules().folders) {
    if (allowed.contains("*")) continue;
    ASSERT_TRUE(links.contains(folder)) << folder << " is no library";
    const std::set<std::string> reached = linked(links, folder);
    for (const std::string& other : allowed) EXPECT_TRUE(reached.contains(other)) << folder << " is not linked to " << other;
    for (const std::string& other : links.at(folder)) {
      EXPECT_TRUE(allowed.contains(other)) << folder << " is linked to " << other << ", which it may not include";
    }
  }
  EXPECT_EQ(links.size() + 2, tree_rules().folders.size()) << "but for tools and tests, every folder is a library";
}

/// A tree of planted files.
class PlantedTreeTest : public testing::Test {
 protected:
  void plant(const std::string& path, const char* text) { tree_.write(path, text); }
  std::vector<std::string> violations() const { return scan_tree(tree_rules(), tree_.path()).violations; }

 private:
  TemporaryDirectory tree_;
};

TEST_F(PlantedTreeTest, AcceptsDownwardIncludes) {
  plant("src/config/config_node.h", "#pragma once\n#include <string>\n#include <fovea/base/error.h>\n");
  plant("src/config/config_node.cpp", "#include <fovea/config/config_node.h>\n#include <yaml-cpp/yaml.h>\n");
  plant("src/base/torch_compat.h", "#pragma once\n#include <ATen/Parallel.h>\n");
  plant("models/resnet.cpp", "#include <fovea/attention/spatial/cbam.h>\n#include <torch/torch.h>\n");
  plant("tools/experiment.cpp", "#include \"experiment.h\"\n#include <fovea/models/registry.h>\n#include <CLI/CLI.hpp>\n");
  EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(PlantedTreeTest, NamesFileLineAndWhatIsAllowed) {
  plant("models/resnet.cpp", "// A network.\n#include <fovea/datasets/cifar.h>\n");
  EXPECT_THAT(violations(), ElementsAre("models/resnet.cpp:2: models may not include datasets "
                                        "(allowed: attention base config glimpse nn options weights)"));
}

TEST_F(PlantedTreeTest, RefusesUpwardAndUnknownFolders) {
  plant("src/base/error.cpp", "#include <fovea/config/config_node.h>\n");
  plant("src/nn/a.cpp", "  #  include  <fovea/nowhere/value.h> // indented\n");
  plant("src/unlisted/a.cpp", "#include <fovea/base/error.h>\n");
  EXPECT_THAT(violations(), ElementsAre("src/base/error.cpp:1: base may not include config (allowed: nothing)",
                                        HasSubstr("src/nn/a.cpp:1: no folder is called nowhere"),
                                        HasSubstr("src/unlisted/a.cpp:1: no folder is called unlisted")));
}

TEST_F(PlantedTreeTest, KeepsThirdPartyHeadersWhereTheyBelong) {
  plant("src/base/a.cpp", "#include <torch/torch.h>\n");
  plant("src/data/a.cpp", "#include <opencv2/core.hpp>\n");
  plant("src/image/a.cpp", "#include <yaml-cpp/yaml.h>\n");
  plant("src/nn/a.cpp", "#include <zlib.h>\n#include <CLI/CLI.hpp>\n");
  EXPECT_THAT(violations(),
              ElementsAre(HasSubstr("src/base/a.cpp:1: base may not include <torch/torch.h> (only: attention "),
                          "src/data/a.cpp:1: data may not include <opencv2/core.hpp> (only: image)",
                          "src/image/a.cpp:1: image may not include <yaml-cpp/yaml.h> (only: config)",
                          "src/nn/a.cpp:1: nn may not include <zlib.h> (only: datasets image tests)",
                          "src/nn/a.cpp:2: nn may not include <CLI/CLI.hpp> (only: tools)"));
}

TEST_F(PlantedTreeTest, RefusesQuotedNamesInTheLibrary) {
  plant("src/nn/a.cpp", "#include \"b.h\"\n");
  plant("tests/nn/a.cpp", "#include \"support.h\"\n");
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("src/nn/a.cpp:1: nn may not include \"b.h\" by a quoted name")));
}

TEST_F(PlantedTreeTest, KeepsInternalHeadersInTheirFolder) {
  plant("src/image/decode.cpp", "#include <fovea/image/internal/jpeg.h>\n");
  plant("src/image/internal/jpeg.h", "#pragma once\n#include <fovea/image/internal/orientation.h>\n");
  plant("src/image/read.h", "#pragma once\n#include <fovea/image/internal/jpeg.h>\n");
  plant("src/draw/a.cpp", "#include <fovea/image/internal/jpeg.h>\n");
  plant("tests/image/a.cpp", "#include <fovea/image/internal/jpeg.h>\n");
  plant("tools/a.cpp", "#include <fovea/attention/channel/internal/squeeze.h>\n");
  EXPECT_THAT(violations(), ElementsAre("src/draw/a.cpp:1: draw may not include an internal header of image",
                                        "src/image/read.h:2: an installed header may not include an internal one",
                                        "tools/a.cpp:1: tools may not include an internal header of attention"));
}

TEST_F(PlantedTreeTest, HeadersNeedPragmaOnce) {
  plant("datasets/a.h", "int a();\n");
  EXPECT_THAT(violations(), ElementsAre("datasets/a.h:1: a header begins with #pragma once"));
}

}  // namespace
}  // namespace fovea
