#include <cstdlib>
#include <filesystem>
#include <pwd.h>
#include <system_error>
#include <unistd.h>

#include <fovea/base/error.h>
#include <fovea/base/home_path.h>

namespace fovea {
namespace {

/// $HOME, else the folder in the system's list of users; empty without one.
std::string home_folder() {
  const char* given = std::getenv("HOME");
  if (given != nullptr && *given != '\0') return given;
  const passwd* user = getpwuid(getuid());
  return user == nullptr || user->pw_dir == nullptr ? "" : user->pw_dir;
}

}  // namespace

std::string expand_home(const std::string& path) {
  if (!path.starts_with('~')) return path;
  const std::string first = path.substr(0, path.find('/'));
  if (first != "~") {
    std::error_code unreachable;
    if (std::filesystem::exists(first, unreachable)) return path;
    throw InputError(path, "~ or ~/... for your home folder, or an existing file '" + first + "'", "neither",
                     "write the folder in full, or ./" + first + " for a new file of that name");
  }
  const std::string home = home_folder();
  if (home.empty()) throw InputError(path, "a home folder in place of ~", "none", "set HOME, or write the folder in full");
  return home + path.substr(1);
}

}  // namespace fovea
