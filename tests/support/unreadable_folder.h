#pragma once

#include <filesystem>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace fovea {

/// A folder that this process may not look into, until the end of the scope. The superuser may look into everything, so
/// tests that run as root continue as an ordinary user meanwhile.
class UnreadableFolder {
 public:
  /// @param folder below `root`, where everything else becomes readable to all.
  UnreadableFolder(const std::string& root, std::string folder) : folder_(std::move(folder)) {
    namespace fs = std::filesystem;
    constexpr uid_t kNobody = 65534;
    const auto show = [](const fs::path& path) {
      constexpr fs::perms kRead = fs::perms::group_read | fs::perms::others_read;  // the group stays root's
      fs::permissions(path, kRead | fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add);
    };
    show(root);
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) show(entry.path());
    fs::permissions(folder_, fs::perms::none);
    if (superuser_) refused_ = ::seteuid(kNobody) != 0;
  }
  UnreadableFolder(const UnreadableFolder&) = delete;
  UnreadableFolder& operator=(const UnreadableFolder&) = delete;
  ~UnreadableFolder() {
    if (superuser_ && ::seteuid(0) != 0) ::_exit(1);  // the tests that follow would fail for no reason of theirs
    std::error_code ignored;
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, ignored);
  }

  /// False where the machine does not let root become another user: there is nothing to test then.
  bool works() const { return !refused_; }

 private:
  std::string folder_;
  bool superuser_ = ::geteuid() == 0;
  bool refused_ = false;
};

}  // namespace fovea
