// Wrong command lines: every one is answered in the same words, with what to do.

#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program_fixture.h"

namespace fovea {
namespace {

using testing::HasSubstr;

using Usage = ProgramTest;

/// The error of a command line without its beginning and its newline.
std::string complaint_about(const std::string& error) {
  const std::string begin = "fovea: error: ";
  return error.substr(begin.size(), error.size() - begin.size() - 1);
}

TEST_F(Usage, TheExecutableIsThePreloadedProgram) {
  const Finished preloaded = run({"list", "models"});
  const ProgramStarter starter = set_program_starter(execute);
  const Finished executed = run({"list", "models"});
  set_program_starter(starter);
  EXPECT_EQ(executed.code, 0) << executed.error;
  EXPECT_EQ(executed.out, preloaded.out);
  EXPECT_EQ(executed.error, preloaded.error);
}

TEST_F(Usage, MistypedCommandsAreSuggested) {
  EXPECT_EQ(complaint_about(refusal({"tain", "a.yaml"})), "fovea: expected a command, got 'tain'; did you mean 'train'?");
  EXPECT_EQ(complaint_about(refusal({"Train"})), "fovea: expected a command, got 'Train'; did you mean 'train'?");
  EXPECT_EQ(complaint_about(refusal({"frobnicate"})),
            "fovea: expected a command, got 'frobnicate'; choose one of train, eval, predict, overlay, convert, list and "
            "bench");
  EXPECT_EQ(complaint_about(refusal({"bench", "atention"})),
            "fovea bench: expected a command, got 'atention'; did you mean 'attention'?");
  EXPECT_EQ(complaint_about(refusal({"bench"})),
            "fovea bench: expected a command, got none; choose one of attention and glimpse");
  EXPECT_EQ(run({}).error, "fovea: error: fovea: expected a command, got none; see fovea --help\n");
}

TEST_F(Usage, MistypedOptionsAreSuggested) {
  EXPECT_EQ(complaint_about(refusal({"overlay", "m", "a.png", "--colour", "jet"})),
            "fovea overlay: expected an option of this command, got '--colour'; did you mean '--colors'?");
  EXPECT_EQ(complaint_about(refusal({"train", "--ressume"})),
            "fovea train: expected an option of this command, got '--ressume'; did you mean '--resume'?");
  EXPECT_EQ(complaint_about(refusal({"train", "a.yaml", "--sed=1"})),
            "fovea train: expected an option of this command, got '--sed'; did you mean '--seed'?");
  EXPECT_EQ(complaint_about(refusal({"train", "a.yaml", "--frobnicate"})),
            "fovea train: expected an option of this command, got '--frobnicate'; see fovea train --help");
}

TEST_F(Usage, MissingAndSpareArgumentsAreNamed) {
  EXPECT_EQ(complaint_about(refusal({"train"})),
            "fovea train: expected CONFIG|RUN (experiment in YAML, or run directory), got none; see fovea train --help");
  EXPECT_THAT(refusal({"predict", "run"}), HasSubstr("fovea predict: expected IMAGE"));
  EXPECT_EQ(complaint_about(refusal({"train", "a.yaml", "b.yaml"})),
            "fovea train: expected no further argument, got 'b.yaml'; see fovea train --help");
  EXPECT_EQ(complaint_about(refusal({"train", "a.yaml", "--out"})), "--out: expected DIR, got none; see fovea train --help");
  EXPECT_EQ(complaint_about(refusal({"train", "a.yaml", "--out", "a", "--out", "b"})),
            "--out: expected one value, got 2; give the option once");
  EXPECT_THAT(refusal({"overlay", "m", "a.png", "--range", "1"}), HasSubstr("--range: expected LOW HIGH, got"));
}

TEST_F(Usage, NumbersAreExpectedInTheirRange) {
  EXPECT_EQ(complaint_about(refusal({"list", "--threads", "two"})),
            "--threads: expected an integer from 1 to 1024, got 'two'");
  EXPECT_EQ(complaint_about(refusal({"list", "--threads", "0"})), "--threads: expected an integer from 1 to 1024, got '0'");
  EXPECT_EQ(complaint_about(refusal({"list", "--seed", "-1"})), "--seed: expected an integer >= 0, got '-1'");
  EXPECT_EQ(complaint_about(refusal({"list", "--seed", "99999999999999999999"})),
            "--seed: expected an integer >= 0, got '99999999999999999999'");
  EXPECT_EQ(complaint_about(refusal({"list", "--seed", "1.5"})), "--seed: expected an integer >= 0, got '1.5'");
  EXPECT_EQ(complaint_about(refusal({"predict", "m", "a.png", "--topk", "0"})),
            "--topk: expected an integer from 1 to 1000000, got '0'");
  EXPECT_EQ(complaint_about(refusal({"overlay", "m", "a.png", "--opacity", "50%"})),
            "--opacity: expected a number in [0, 1], got '50%'");
  EXPECT_EQ(complaint_about(refusal({"bench", "glimpse", "--seconds", "nan"})),
            "--seconds: expected a number in [0, 3600], got 'nan'");
}

TEST_F(Usage, WordsAreSuggestedWhateverTheirCase) {
  EXPECT_THAT(
      refusal({"overlay", "m", "a.png", "--colors", "Jet"}),
      HasSubstr("--colors: expected one of inferno, magma, plasma, viridis, cividis, turbo and jet, got 'Jet'; did you "
                "mean 'jet'?"));
  EXPECT_THAT(refusal({"list", "blocks", "--where", "ITEM"}), HasSubstr("got 'ITEM'; did you mean 'item'?"));
  EXPECT_THAT(refusal({"bench", "attention", "--init", "identiy"}), HasSubstr("did you mean 'identity'?"));
}

TEST_F(Usage, FlagsTakeNoValueAndSomeExcludeEachOther) {
  EXPECT_THAT(refusal({"train", "a.yaml", "--resume=maybe"}),
              HasSubstr("--resume: expected no value, got one; it is a flag"));
  EXPECT_EQ(complaint_about(refusal({"train", "a.yaml", "--resume=false"})),
            "--resume: expected no value, got one; it is a flag");
  EXPECT_EQ(complaint_about(refusal({"list", "--json=yes"})), "--json: expected no value, got one; it is a flag");
  EXPECT_EQ(complaint_about(refusal({"train", "a.yaml", "--dry-run", "--resume"})),
            "fovea train: expected --dry-run or --resume, got both; remove one of them");
  EXPECT_THAT(refusal({"list", "--out", ""}), HasSubstr("fovea list: expected an option of this command, got '--out'"));
}

TEST_F(Usage, SettingsAreKeysAndValues) {
  write_tiny_experiment();
  EXPECT_THAT(refusal({"train", "tiny.yaml", "--set", "seed"}), HasSubstr("setting seed: expected KEY=VALUE, got 'seed'"));
  EXPECT_THAT(refusal({"train", "tiny.yaml", "--set", "=3"}), HasSubstr("setting =3: expected KEY=VALUE"));
  EXPECT_THAT(refusal({"train", "tiny.yaml", "--set"}), HasSubstr("--set: expected KEY=VALUE, got none"));
}

TEST_F(Usage, TheHelpOfEveryCommandFitsATerminal) {
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {}, {"train"}, {"eval"}, {"predict"}, {"overlay"}, {"convert"}, {"list"}, {"bench"}, {"bench", "glimpse"}}) {
    std::vector<std::string> arguments = command;
    arguments.emplace_back("--help");
    const Finished help = run(arguments);
    EXPECT_EQ(help.code, 0);
    std::istringstream lines(help.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
  }
  EXPECT_THAT(run({"--help"}).out, HasSubstr("an integer from 1 to 1024"));
}

}  // namespace
}  // namespace fovea
