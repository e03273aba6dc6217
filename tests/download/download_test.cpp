// tools/download.sh against a server on this machine and a table of made-up files.

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "byte_builders.h"
#include "file_text.h"
#include "local_server.h"
#include "script_run.h"
#include "tar_bytes.h"
#include "temporary_directory.h"
#include "wait_for.h"

namespace fovea {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kScript = FOVEA_SOURCE_DIR "/tools/download.sh";

std::string random_bytes(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::string text_of(const ByteVector& bytes) {
  return {bytes.begin(), bytes.end()};
}

/// By the program that the script uses too; DownloadTableTest compares the script's table with the published checksums.
std::string sha256_of(const std::string& bytes) {
  const TemporaryDirectory folder;
  const std::string command = "sha256sum '" + folder.write("bytes", bytes) + "'";
  const std::unique_ptr<FILE, int (*)(FILE*)> output(::popen(command.c_str(), "r"), ::pclose);
  std::array<char, 65> digits{};
  if (!output || std::fgets(digits.data(), digits.size(), output.get()) == nullptr) throw std::runtime_error(command);
  return digits.data();
}

class DownloadTest : public testing::Test {
 protected:
  /// Adds a file of the data set "toy" to the table. @param urls with a space between.
  void list(const std::string& path, const std::string& contents, const std::string& urls) {
    table_ += "toy\t" + sha256_of(contents) + "\t" + std::to_string(contents.size()) + "\t" + path + "\t" + urls + "\n";
  }

  /// Lists data/a.bin under /a.bin of the server, which answers as `reply` says.
  void list_file(const std::string& contents, Reply reply) {
    list("a.bin", contents, server_.url("/a.bin"));
    server_.serve("/a.bin", std::move(reply));
  }

  ScriptCommand command(const std::vector<std::string>& arguments, const std::string& script = kScript) const {
    folder_.write("table.tsv", table_);
    std::vector<std::string> words = {script};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return {
        .words = words,
        .environment = {std::string("PATH=") + std::getenv("PATH"), "HOME=" + folder_.path(), "FOVEA_DOWNLOADS=table.tsv"},
        .folder = folder_.path(),
        .log = folder_.path("log")};
  }

  ScriptResult run(const std::vector<std::string>& arguments) const { return ScriptRun(command(arguments)).wait(); }

  ScriptResult download(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"toy", "--to", "data"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }

  std::string data(const std::string& name) const { return folder_.path("data/" + name); }

  /// The names in the data folder.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(data(""))) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  static void expect_success(const ScriptResult& result) { EXPECT_EQ(result.code, 0) << result.messages; }

  /// Expects one line that holds all `parts`.
  static void expect_failure(const ScriptResult& result, int code, const std::vector<std::string>& parts) {
    EXPECT_EQ(result.code, code) << result.messages;
    EXPECT_THAT(result.messages, testing::StartsWith("download.sh: "));
    EXPECT_EQ(std::count(result.messages.begin(), result.messages.end(), '\n'), 1) << result.messages;
    for (const std::string& part : parts) EXPECT_THAT(result.messages, HasSubstr(part));
  }

  TemporaryDirectory folder_;
  std::string table_ =
      "# comments and other sets are passed over\nother\t" + std::string(64, '0') + "\t1\tb\thttp://localhost/b\n";
  LocalServer server_;
};

TEST_F(DownloadTest, FetchesWhatIsMissingOrWrongAndNothingElse) {
  const std::string first = random_bytes(70'000, 1);
  const std::string second = "a second file";
  list("toy/first.bin", first, server_.url("/first.bin"));
  list("toy/second.bin", second, server_.url("/second.bin"));
  server_.serve("/first.bin", {.body = first});
  server_.serve("/second.bin", {.body = second});

  expect_success(download());
  EXPECT_EQ(file_text(data("toy/first.bin")), first);
  EXPECT_EQ(file_text(data("toy/second.bin")), second);
  EXPECT_THAT(server_.requests(), ElementsAre(Request{"/first.bin", ""}, Request{"/second.bin", ""}));
  EXPECT_EQ(std::distance(fs::directory_iterator(data("toy")), {}), 2);

  const ScriptResult again = download();
  expect_success(again);
  EXPECT_EQ(again.messages, "download.sh: toy: everything is there; data.root: " + data("toy") + "\n");
  EXPECT_EQ(server_.requests().size(), 2);

  folder_.write("data/toy/second.bin", "another file!");
  expect_success(download());
  EXPECT_EQ(file_text(data("toy/second.bin")), second);
  EXPECT_EQ(server_.requests().size(), 3);
}

TEST_F(DownloadTest, ResumesWhenTheConnectionBreaksOff) {
  const std::string contents = random_bytes(100'000, 2);
  list_file(contents, {.body = contents, .cut_after = 40'000});
  expect_success(download());
  EXPECT_EQ(file_text(data("a.bin")), contents);
  EXPECT_THAT(server_.requests(),
              ElementsAre(Request{"/a.bin", ""}, Request{"/a.bin", "bytes=40000-"}, Request{"/a.bin", "bytes=80000-"}));
  EXPECT_THAT(names(), ElementsAre("a.bin"));
}

TEST_F(DownloadTest, GivesUpOnAServerThatKeepsBreakingOffAndResumesInTheNextRun) {
  const std::string contents = random_bytes(100'000, 3);
  list_file(contents, {.body = contents, .cut_after = 10'000});
  expect_failure(download(), 1, {server_.url("/a.bin"), "run this again to resume from byte 50000"});
  EXPECT_THAT(names(), ElementsAre("a.bin.part"));
  EXPECT_EQ(file_text(data("a.bin.part")), contents.substr(0, 50'000));

  server_.serve("/a.bin", {.body = contents});
  expect_success(download());
  EXPECT_EQ(file_text(data("a.bin")), contents);
  EXPECT_EQ(server_.requests().back().range, "bytes=50000-");
}

TEST_F(DownloadTest, AnInterruptedRunIsResumed) {
  const std::string contents = random_bytes(100'000, 4);
  list_file(contents, {.body = contents, .hold_after = 60'000});
  ScriptRun interrupted(command({"toy", "--to", "data"}));
  std::error_code missing;
  ASSERT_TRUE(wait_for(
      "60 000 bytes of a.bin.part", [&] { return fs::file_size(data("a.bin.part"), missing) == 60'000; },
      [&] { return interrupted.messages(); }));
  interrupted.interrupt();
  EXPECT_EQ(interrupted.wait().code, 130);
  EXPECT_THAT(names(), ElementsAre("a.bin.part"));

  server_.release();
  expect_success(download());
  EXPECT_EQ(file_text(data("a.bin")), contents);
  EXPECT_THAT(server_.requests(), ElementsAre(Request{"/a.bin", ""}, Request{"/a.bin", "bytes=60000-"}));
}

TEST_F(DownloadTest, StartsOverWithAServerThatDoesNotResume) {
  const std::string contents = random_bytes(5'000, 5);
  list_file(contents, {.body = contents, .ranges = false});
  folder_.write("data/a.bin.part", contents.substr(0, 1'000));
  expect_success(download());
  EXPECT_EQ(file_text(data("a.bin")), contents);
  EXPECT_THAT(server_.requests(), ElementsAre(Request{"/a.bin", "bytes=1000-"}, Request{"/a.bin", ""}));
  EXPECT_THAT(names(), ElementsAre("a.bin"));
}

TEST_F(DownloadTest, StartsOverWhenTheOlderPartIsWrong) {
  const std::string contents = random_bytes(5'000, 6);
  list_file(contents, {.body = contents});
  folder_.write("data/a.bin.part", std::string(1'000, 'x'));
  expect_success(download());
  EXPECT_EQ(file_text(data("a.bin")), contents);
  EXPECT_THAT(server_.requests(), ElementsAre(Request{"/a.bin", "bytes=1000-"}, Request{"/a.bin", ""}));
}

TEST_F(DownloadTest, StartsOverWhenTheOlderPartIsTooLong) {
  const std::string contents = random_bytes(5'000, 7);
  list_file(contents, {.body = contents});
  folder_.write("data/a.bin.part", contents + "and more");
  expect_success(download());
  EXPECT_EQ(file_text(data("a.bin")), contents);
  EXPECT_THAT(server_.requests(), ElementsAre(Request{"/a.bin", ""}));
}

TEST_F(DownloadTest, NeedsNoServerWhenThePartIsComplete) {
  const std::string contents = random_bytes(5'000, 8);
  list_file(contents, {.body = contents});
  folder_.write("data/a.bin.part", contents);
  expect_success(download());
  EXPECT_EQ(file_text(data("a.bin")), contents);
  EXPECT_THAT(server_.requests(), IsEmpty());
}

TEST_F(DownloadTest, RefusesAWrongChecksum) {
  const std::string contents = random_bytes(5'000, 9);
  std::string wrong = contents;
  wrong[2'500] = static_cast<char>(wrong[2'500] ^ 1);
  list_file(contents, {.body = wrong});
  expect_failure(download(), 1, {"wrong checksum: expected sha256 " + sha256_of(contents) + ", got " + sha256_of(wrong)});
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_EQ(server_.requests().size(), 1);
}

TEST_F(DownloadTest, RefusesABodyThatIsTooShort) {
  const std::string contents = random_bytes(5'000, 10);
  for (const bool length : {true, false}) {
    table_.clear();
    list_file(contents, {.body = contents.substr(0, 4'000), .length = length});
    expect_failure(download(), 1, {"wrong size: expected 5000 bytes, got 4000"});
    EXPECT_THAT(names(), IsEmpty());
  }
}

TEST_F(DownloadTest, RefusesAPartThatIsAsLongAsTheServersFile) {
  const std::string contents = random_bytes(5'000, 11);
  list_file(contents, {.body = contents.substr(0, 4'000)});
  folder_.write("data/a.bin.part", contents.substr(0, 4'000));
  expect_failure(download(), 1, {"wrong size: expected 5000 bytes, got 4000"});
  EXPECT_THAT(names(), IsEmpty());
  // curl 8 asks once: it takes the answer that nothing is left for the end.
  const Request rest{"/a.bin", "bytes=4000-"};
  EXPECT_THAT(server_.requests(), testing::AnyOf(ElementsAre(rest), ElementsAre(rest, Request{"/a.bin", ""})));
}

TEST_F(DownloadTest, TakesNoMoreOfABodyThanTheFileHas) {
  const std::string contents = random_bytes(5'000, 12);
  for (const bool length : {true, false}) {
    table_.clear();
    list_file(contents, {.body = contents + "more", .length = length});
    const ScriptResult result = download();
    if (result.code == 0) {  // curl 8 ends at the limit, with the right bytes
      EXPECT_EQ(file_text(data("a.bin")), contents);
      std::filesystem::remove(data("a.bin"));
    } else {
      expect_failure(result, 1, {"wrong size: expected 5000 bytes, got more"});
    }
    EXPECT_THAT(names(), IsEmpty());
  }
}

TEST_F(DownloadTest, DoesNotReadABodyWithoutEnd) {
  const std::string contents = random_bytes(5'000, 13);
  list_file(contents, {.body = std::string(std::size_t{1} << 26, 'x'), .length = false});
  expect_failure(download(), 1, {": wrong "});  // size, or with curl 8, which ends at the limit, checksum
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_LT(server_.bytes_sent(), std::size_t{1} << 25);  // what the system holds on the way is below 16 MiB
}

TEST_F(DownloadTest, AServerThatAnnouncesTooMuchDoesNotCostThePart) {
  const std::string contents = random_bytes(5'000, 22);
  list_file(contents, {.body = contents});
  server_.serve("/mirror/a.bin", {.body = random_bytes(20'000, 23)});
  folder_.write("data/a.bin.part", contents.substr(0, 1'000));
  expect_success(download({"--mirror", server_.url("/mirror")}));
  EXPECT_EQ(file_text(data("a.bin")), contents);
  EXPECT_THAT(server_.requests(), ElementsAre(Request{"/mirror/a.bin", "bytes=1000-"}, Request{"/a.bin", "bytes=1000-"}));
}

TEST_F(DownloadTest, KeepsThePartWhenCurlIsKilled) {
  list("a.bin", "contents", server_.url("/a.bin"));
  folder_.write("data/a.bin.part", "cont");
  fs::permissions(folder_.write("bin/curl", "#!/bin/sh\nkill -KILL $$\n"), fs::perms::owner_all);
  ScriptCommand killed = command({"toy", "--to", "data"});
  killed.environment.front().insert(std::string("PATH=").size(), folder_.path("bin") + ":");
  expect_failure(ScriptRun(killed).wait(), 1, {"curl was stopped; run this again to resume from byte 4"});
  EXPECT_EQ(file_text(data("a.bin.part")), "cont");
}

TEST_F(DownloadTest, TriesOneServerAfterTheOther) {
  const std::string contents = random_bytes(5'000, 14);
  list("toy/a.bin", contents,
       server_.url("/missing/a.bin") + " " + server_.url("/wrong/a.bin") + " " + server_.url("/right/a.bin"));
  server_.serve("/wrong/a.bin", {.body = random_bytes(5'000, 15)});
  server_.serve("/right/a.bin", {.body = contents});
  const ScriptResult result = download();
  expect_success(result);
  EXPECT_THAT(result.messages, HasSubstr("fetched from " + server_.url("/right/a.bin")));
  EXPECT_THAT(result.messages, HasSubstr("error: 404"));
  EXPECT_THAT(result.messages, HasSubstr("wrong checksum"));
  EXPECT_EQ(file_text(data("toy/a.bin")), contents);
  EXPECT_THAT(server_.requests(),
              ElementsAre(Request{"/missing/a.bin", ""}, Request{"/wrong/a.bin", ""}, Request{"/right/a.bin", ""}));
}

TEST_F(DownloadTest, TriesMirrorsInTheirOrderBeforeTheTable) {
  const std::string contents = random_bytes(5'000, 16);
  list("toy/a.bin", contents, server_.url("/table/a.bin"));
  server_.serve("/table/a.bin", {.body = contents});
  expect_success(download({"--mirror", server_.url("/one"), "--mirror", server_.url("/two/")}));
  EXPECT_THAT(server_.requests(),
              ElementsAre(Request{"/one/a.bin", ""}, Request{"/two/a.bin", ""}, Request{"/table/a.bin", ""}));
}

TEST_F(DownloadTest, SaysSoWhenNoServerHasTheFile) {
  list_file("contents", {.body = "", .status = 404});
  expect_failure(
      download({"--mirror", server_.url("/mirror")}), 1,
      {server_.url("/mirror/a.bin") + ": The requested URL returned error: 404", server_.url("/a.bin"), "--mirror"});
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(DownloadTest, SaysSoWhenNoServerAnswers) {
  std::string nowhere;
  {
    const LocalServer closed;
    nowhere = closed.url("/a.bin");
  }
  list("a.bin", "contents", nowhere);
  expect_failure(download(), 1, {nowhere + ": Failed to connect to 127.0.0.1", "check the network"});
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(DownloadTest, FollowsARedirectToAnotherServerOnly) {
  const std::string contents = random_bytes(5'000, 17);
  server_.serve("/moved/a.bin", {.body = contents});
  list_file(contents, {.body = "", .status = 302, .location = "file://" + folder_.write("local", contents)});
  expect_failure(download(), 1, {"\"file\" "});
  EXPECT_THAT(names(), IsEmpty());

  server_.serve("/a.bin", {.body = "", .status = 302, .location = server_.url("/moved/a.bin")});
  expect_success(download());
  EXPECT_EQ(file_text(data("a.bin")), contents);
}

TEST_F(DownloadTest, RunsOfTheSameFolderWaitForEachOther) {
  const std::string contents = random_bytes(5'000, 18);
  list_file(contents, {.body = contents, .hold_after = 1'000});
  ScriptRun first(command({"toy", "--to", "data"}));
  ASSERT_TRUE(wait_for(
      "a request", [&] { return !server_.requests().empty(); }, [&] { return first.messages(); }));
  ScriptCommand same = command({"toy", "--to", "data"});
  same.log = folder_.path("second log");
  ScriptRun second(same);
  EXPECT_TRUE(wait_for(
      "the second run to wait", [&] { return second.messages().find("waiting for another") != std::string::npos; },
      [&] { return second.messages(); }));
  server_.release();
  expect_success(first.wait());
  expect_success(second.wait());
  EXPECT_EQ(file_text(data("a.bin")), contents);
  EXPECT_EQ(server_.requests().size(), 1);
}

TEST_F(DownloadTest, RefusesWrongArguments) {
  expect_failure(run({}), 2, {"expected a name: other", "usage: "});
  expect_failure(run({"toy"}), 2, {"expected one of other, got 'toy'"});
  expect_failure(run({"other", "toy"}), 2, {"expected one name, got 'other' and 'toy'"});
  expect_failure(run({"other", "--form"}), 2, {"unknown option --form"});
  expect_failure(run({"other", "--to"}), 2, {"--to needs a value"});
  expect_failure(run({"other", "--mirror", "ftp://localhost"}), 2, {"expected --mirror http://", "got 'ftp://localhost'"});
  folder_.write("file", "in the way");
  ScriptResult blocked = run({"other", "--to", "file"});
  EXPECT_EQ(blocked.code, 2);
  EXPECT_THAT(blocked.messages, HasSubstr("cannot create the folder"));
}

TEST_F(DownloadTest, RefusesADamagedTable) {
  const std::string sum(64, 'a');
  const std::vector<std::string> lines = {
      "other\t" + sum + "\t1\tb",
      "other\t" + sum + "\t0\tb\thttp://localhost/b",
      "other\t" + sum + "\t1\t../b\thttp://localhost/b",
      "other\t" + sum + "\t1\t/b\thttp://localhost/b",
      "other\tabc\t1\tb\thttp://localhost/b",
      "other\t" + sum + "\t1\tb\tfile:///b",
  };
  for (const std::string& line : lines) {
    table_ = "# comment\n" + line + "\n";
    expect_failure(run({"other"}), 2, {"table.tsv:2: expected a name, a sha256"});
  }
}

TEST_F(DownloadTest, ExplainsItself) {
  const ScriptResult help = run({"--help"});
  expect_success(help);
  for (const char* part :
       {"usage: tools/download.sh NAME", "one of: other", "--to DIR", "--mirror URL", "FOVEA_DOWNLOADS"}) {
    EXPECT_THAT(help.messages, HasSubstr(part));
  }
}

TEST_F(DownloadTest, SaysWhichPackageHasCurl) {
  ScriptCommand without = command({"other", "--to", "data"});
  without.words.insert(without.words.begin(), "/bin/bash");
  fs::create_directory(folder_.path("bin"));
  fs::create_symlink("/usr/bin/dirname", folder_.path("bin/dirname"));
  without.environment.front() = "PATH=" + folder_.path("bin");
  expect_failure(ScriptRun(without).wait(), 2, {"needs curl; install the Debian packages curl and ca-certificates"});
}

TEST_F(DownloadTest, ReadsTheRepositorysTableAndFillsItsDataFolder) {
  const std::string contents = random_bytes(5'000, 19);
  list_file(contents, {.body = contents});
  for (const char* name : {"tools/download.sh", "tools/lib.sh"}) {
    fs::create_directories(folder_.path("repository/tools"));
    fs::copy_file(fs::path(FOVEA_SOURCE_DIR) / name, folder_.path(std::string("repository/") + name));
  }
  folder_.write("repository/datasets/downloads.tsv", table_);
  ScriptCommand plain = command({"toy"}, folder_.path("repository/tools/download.sh"));
  plain.environment.pop_back();  // FOVEA_DOWNLOADS
  const ScriptResult result = ScriptRun(plain).wait();
  expect_success(result);
  EXPECT_THAT(result.messages, HasSubstr("toy: everything is there; data.root: data\n"));
  EXPECT_EQ(file_text(folder_.path("repository/data/a.bin")), contents);
}

/// The data set "toy" is an archive that holds the folder toy-bin.
class DownloadArchiveTest : public DownloadTest {
 protected:
  void list_archive(const std::vector<TarMember>& members) {
    archive_ = text_of(tar_gz_bytes(members));
    list("toy-bin/", archive_, server_.url("/toy-binary.tar.gz"));
    server_.serve("/toy-binary.tar.gz", {.body = archive_});
  }

  void list_toy() {
    list_archive({{'5', "toy-bin/", ""}, {'0', "toy-bin/train.bin", train_}, {'0', "toy-bin/more/test.bin", "test"}});
  }

  const std::string train_ = random_bytes(3'000, 20);
  std::string archive_;
};

TEST_F(DownloadArchiveTest, UnpacksOnce) {
  list_toy();
  const ScriptResult result = download();
  expect_success(result);
  EXPECT_THAT(result.messages, HasSubstr("everything is there; data.root: " + data("toy-bin") + "\n"));
  EXPECT_EQ(file_text(data("toy-bin/train.bin")), train_);
  EXPECT_EQ(file_text(data("toy-bin/more/test.bin")), "test");
  EXPECT_THAT(names(), ElementsAre("toy-bin", "toy-binary.tar.gz"));

  fs::remove(data("toy-binary.tar.gz"));
  const ScriptResult again = download();
  expect_success(again);
  EXPECT_EQ(again.messages, "download.sh: toy: everything is there; data.root: " + data("toy-bin") + "\n");
  EXPECT_EQ(server_.requests().size(), 1);
}

TEST_F(DownloadArchiveTest, UnpacksAnewWhenAFileHasChanged) {
  list_toy();
  expect_success(download());
  folder_.write("data/toy-bin/train.bin", "damaged");
  folder_.write("data/toy-bin.part/toy-bin/left", "by a run that was killed");
  expect_success(download());
  EXPECT_EQ(file_text(data("toy-bin/train.bin")), train_);
  EXPECT_FALSE(fs::exists(data("toy-bin/left")));
  EXPECT_THAT(names(), ElementsAre("toy-bin", "toy-binary.tar.gz"));
  EXPECT_EQ(server_.requests().size(), 1);  // the archive was still there
}

TEST_F(DownloadArchiveTest, UsesAnArchiveThatIsThereAlready) {
  list_toy();
  folder_.write("data/toy-binary.tar.gz", archive_);
  expect_success(download());
  EXPECT_EQ(file_text(data("toy-bin/train.bin")), train_);
  EXPECT_THAT(server_.requests(), IsEmpty());
}

TEST_F(DownloadArchiveTest, LeavesAFolderAloneThatSomeoneElseMade) {
  list_toy();
  folder_.write("data/toy-bin/train.bin", "theirs");
  expect_failure(download(), 2, {data("toy-bin") + " exists, but not from this script"});
  EXPECT_EQ(file_text(data("toy-bin/train.bin")), "theirs");
  EXPECT_THAT(server_.requests(), IsEmpty());
}

TEST_F(DownloadArchiveTest, RefusesWhatIsNoArchive) {
  archive_ = random_bytes(5'000, 21);
  list("toy-bin/", archive_, server_.url("/toy-binary.tar.gz"));
  server_.serve("/toy-binary.tar.gz", {.body = archive_});
  const ScriptResult result = download();
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.messages, HasSubstr("toy-binary.tar.gz: tar cannot read it"));
  EXPECT_THAT(names(), ElementsAre("toy-binary.tar.gz"));
}

TEST_F(DownloadArchiveTest, RefusesMembersThatCouldLeaveTheFolder) {
  const std::string outside = folder_.path("evil");
  const std::vector<TarMember> members = {
      {'0', "../evil", "evil"},
      {'0', "toy-bin/../../evil", "evil"},
      {'0', outside, "evil"},
      {'0', "evil", "beside the folder"},
      {'0', "toy-bin-evil/a", "beside the folder"},
      {'2', "toy-bin/link", ".."},
      {'2', "toy-bin", ".."},
      {'1', "toy-bin/link", outside},
      {'3', "toy-bin/device", ""},
      {'6', "toy-bin/pipe", ""},
  };
  for (const TarMember& member : members) {
    SCOPED_TRACE(member.type + (" " + member.name));
    table_.clear();
    fs::remove_all(data(""));
    list_archive({{'0', "toy-bin/train.bin", train_}, member, {'0', "toy-bin/link/evil", "evil"}});
    const ScriptResult result = download();
    EXPECT_EQ(result.code, 1) << result.messages;
    EXPECT_THAT(result.messages, HasSubstr("not unpacked: expected only files and folders below toy-bin/, got '"));
    EXPECT_THAT(result.messages, HasSubstr(member.name));
    EXPECT_EQ(std::count(result.messages.begin(), result.messages.end(), '\n'), 2) << result.messages;  // the first: fetched
    EXPECT_THAT(names(), ElementsAre("toy-binary.tar.gz"));
    EXPECT_FALSE(fs::exists(outside));
  }
}

}  // namespace
}  // namespace fovea
