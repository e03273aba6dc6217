#include <cstdint>
#include <filesystem>
#include <limits>
#include <ostream>
#include <span>
#include <string>
#include <temporary_directory.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/base/random.h>
#include <fovea/weights/internal/pickle.h>

#include "file_text.h"
#include "fuzz.h"
#include "torch_file_builders.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::ThrowsMessage;

using PickleKind = PickleValue::Kind;

std::span<const std::uint8_t> pickle_bytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

Pickle unpickled(const std::string& bytes) {
  return Pickle(pickle_bytes(bytes), "x.pkl");
}

std::string python_pickle(int protocol) {
  return file_text(FOVEA_TEST_DATA "/torch_files/protocol" + std::to_string(protocol) + ".pkl");
}

/// A value as Python would print it; for what holds itself this does not end.
std::string printed(const Pickle& pickle, PickleId id) {
  const PickleValue& value = pickle[id];
  const auto parts = [&](const char* open, const char* close) {
    std::string text = open;
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      const bool dict_value = value.kind == PickleKind::dict && i % 2 == 1;
      if (i > 0) text += dict_value ? ": " : ", ";
      text += printed(pickle, value.items[i]);
    }
    return text + close;
  };
  switch (value.kind) {
    case PickleKind::integer:
      return std::to_string(value.integer);
    case PickleKind::real:
      return std::to_string(value.real);
    case PickleKind::text:
      return "'" + value.text + "'";
    case PickleKind::bytes:
      return "b'" + value.text + "'";
    case PickleKind::list:
      return parts("[", "]");
    case PickleKind::tuple:
      return parts("(", ")");
    case PickleKind::set:
    case PickleKind::dict:
      return parts("{", "}");
    case PickleKind::call:
      return printed(pickle, value.items[0]) + printed(pickle, value.items[1]);
    default:
      return pickle.describe(id);
  }
}

/// Value of the pickled dict under a key that it has.
PickleId held(const Pickle& pickle, const std::string& key) {
  const auto found = pickle.find(pickle.root(), key);
  EXPECT_TRUE(found.has_value()) << key;
  return found.value_or(pickle.root());
}

TEST(PickleTest, EveryProtocolOfPythonIsRead) {
  for (int protocol = 2; protocol <= 5; ++protocol) {
    SCOPED_TRACE("protocol " + std::to_string(protocol));
    const std::string builtins = protocol == 2 ? "__builtin__" : "builtins";
    const std::string bytes = protocol == 2 ? "_codecs.encode('xyz', 'latin1')" : "b'xyz'";
    const std::string set = protocol <= 3 ? builtins + ".set([7])" : "{7}";
    const std::string frozen = protocol <= 3 ? builtins + ".frozenset([8])" : "{8}";
    std::string text;
    for (int i = 0; i < 60; ++i) text += "long ";
    const std::string numbers = "[1, -2, 300, 70000, 1099511627776, -1099511627776, 2.500000, None, True, False]";

    const std::string whole = python_pickle(protocol);
    const Pickle pickle = unpickled(whole);
    EXPECT_EQ(
        printed(pickle, pickle.root()),
        "{'numbers': " + numbers + ", 'big': a number of 11 bytes, 'tuples': ((), (1), (1, 2), (1, 2, 3), (1, 2, 3, 4))" +
            ", 'bytes': " + bytes + ", 'set': " + set + ", 'frozen': " + frozen +
            ", 'ordered': {'k': 'v'}, 'namespace': argparse.Namespace(), 'long': '" + text + "', 'again': " + numbers + "}");
    EXPECT_EQ(pickle.bytes_read(), whole.size());
    EXPECT_EQ(held(pickle, "again"), held(pickle, "numbers")) << "one list, not two equal ones";
    EXPECT_TRUE(pickle[held(pickle, "namespace")].altered);
  }
}

TEST(PickleTest, LongIntegersKeepTheirSign) {
  const auto number = [](const std::string& digits) {
    const Pickle pickle = unpickled(pickled::whole("\x8a" + little_endian(digits.size(), 1) + digits));
    return pickle[pickle.root()];
  };
  EXPECT_EQ(number("").integer, 0);
  EXPECT_EQ(number("\xff").integer, -1);
  EXPECT_EQ(number(std::string("\xff\0", 2)).integer, 255);
  EXPECT_EQ(number(little_endian(std::uint64_t{1} << 63, 8)).integer, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(number(std::string(9, '\1')).kind, PickleKind::long_integer);
}

TEST(PickleTest, PythonTwoWritesOtherTextsAndOrderedDicts) {
  const std::string first = pickled::list({"U\1a", pickled::number(1)});
  const std::string second = pickled::list({"T" + little_endian(1, 4) + "b", "N"});
  const std::string pairs = pickled::list({first, second});
  const Pickle pickle = unpickled(pickled::whole(pickled::call(pickled::global("collections", "OrderedDict"), {pairs})));
  EXPECT_EQ(printed(pickle, pickle.root()), "{'a': 1, 'b': None}");
}

TEST(PickleTest, OfEqualKeysTheLastCounts) {
  const Pickle pickle = unpickled(pickled::whole(pickled::dict({{"a", pickled::number(1)}, {"a", pickled::number(2)}})));
  EXPECT_EQ(pickle[held(pickle, "a")].integer, 2);
  EXPECT_FALSE(pickle.find(pickle.root(), "b").has_value());
  EXPECT_FALSE(pickle.find(held(pickle, "a"), "a").has_value()) << "a number holds nothing";
}

TEST(PickleTest, WhatHoldsItselfIsOneValue) {
  const Pickle pickle = unpickled(pickled::whole("]q\1h\1a"));
  ASSERT_EQ(pickle[pickle.root()].items.size(), 1U);
  EXPECT_EQ(pickle[pickle.root()].items[0], pickle.root());
}

TEST(PickleTest, DeepNestingNeedsNoDepthOfCalls) {
  constexpr std::size_t kDepth = 1'000'000;
  const Pickle pickle = unpickled(pickled::whole(std::string(kDepth, ']') + std::string(kDepth - 1, 'a')));
  PickleId id = pickle.root();
  std::size_t depth = 1;
  for (; !pickle[id].items.empty(); ++depth) id = pickle[id].items[0];
  EXPECT_EQ(depth, kDepth);
}

TEST(PickleTest, CallsStayNames) {
  const TemporaryDirectory folder;
  const std::string command = pickled::text("touch " + folder.path("called"));
  const std::vector<std::string> callees{pickled::global("os", "system"),
                                         pickled::text("os") + pickled::text("system") + "\x93"};
  for (const std::string& callee : callees) {
    for (const char* opcode : {"R", "\x81"}) {  // REDUCE and NEWOBJ
      const Pickle pickle = unpickled(pickled::whole(callee + pickled::tuple({command}) + opcode));
      EXPECT_EQ(pickle.describe(pickle.root()), "a call of os.system");
      EXPECT_TRUE(pickle.is_call_of(pickle.root(), "os.system"));
      EXPECT_FALSE(pickle.is_call_of(pickle.root(), "os.remove"));
    }
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path("called")));
}

TEST(PickleTest, AnotherPickleMayFollow) {
  const std::string bytes = pickled::whole("N") + pickled::whole("]");
  const Pickle pickle = unpickled(bytes);
  EXPECT_EQ(pickle.bytes_read(), 4U);
  EXPECT_EQ(pickle.describe(pickle.root()), "None");
}

struct HostilePickle {
  std::string name;
  std::string bytes;
  std::string offset;  ///< in the message
  std::string got;
};

void PrintTo(const HostilePickle& pickle, std::ostream* out) {
  *out << pickle.name;
}

std::vector<HostilePickle> hostile_pickles() {
  const auto whole = [](const std::string& opcodes) { return pickled::whole(opcodes); };
  const std::string eight_gigabytes = little_endian(std::uint64_t{1} << 33, 8);
  const std::string pairs = pickled::list(std::vector<std::string>(1000, pickled::tuple({"N", "N"})));
  std::string copies = pickled::global("collections", "OrderedDict") + "q\1" + pairs + "\x85q\2";
  for (int i = 0; i < 3000; ++i) copies += "h\1h\2R";
  return {
      {"Empty", "", ": offset 0", "expected 1 bytes more, got 0"},
      {"NoPickle", "hello", ": offset 0", "expected a pickle, got the byte 0x68"},
      {"OldProtocol", "\x80\x01N.", ": offset 0", "protocol 1"},
      {"FutureProtocol", "\x80\x06N.", ": offset 0", "protocol 6"},
      {"NoStop", "\x80\x02N", ": offset 3", "got 0"},
      {"NothingAtTheEnd", whole(""), ": offset 2", "expected a value on the stack, got none"},
      {"TwoAtTheEnd", whole("NN"), ": offset 4", "expected one value at the end, got more"},
      {"AMarkAtTheEnd", whole("N("), ": offset 4", "expected a value on the stack, got none"},
      {"UnknownOpcode", whole("N\xff"), ": offset 3", "expected an opcode that torch.save writes, got the byte 0xff"},
      {"Duplicate", whole("N2"), ": offset 3", "the opcode DUP"},
      {"TextOfProtocolZero", whole("S'a'\n"), ": offset 2", "the opcode STRING"},
      {"Instance", whole("(ios\nsystem\n"), ": offset 3", "the opcode INST"},
      {"Object", whole("(o"), ": offset 3", "the opcode OBJ"},
      {"Extension", whole("\x82\x01"), ": offset 2", "the opcode EXT1"},
      {"BufferOutside", whole("\x97"), ": offset 2", "the opcode NEXT_BUFFER"},
      {"ProtocolInside", whole("\x80\x02N"), ": offset 2", "PROTO inside a pickle"},
      {"EndlessText", whole("X" + little_endian(0xFFFFFFFF, 4) + "a"), ": offset 2", "4294967295 bytes more, got 2"},
      {"EndlessLongText", whole("\x8d" + little_endian(~std::uint64_t{0}, 8)), ": offset 2", "18446744073709551615 bytes"},
      {"EndlessBytes", whole("\x8e" + eight_gigabytes), ": offset 2", "8589934592 bytes more"},
      {"EndlessByteArray", whole("\x96" + eight_gigabytes), ": offset 2", "8589934592 bytes more"},
      {"EndlessNumber", whole("\x8b" + little_endian(0x80000000, 4)), ": offset 2", "2147483648 bytes more"},
      {"EndlessFrame", whole("\x95" + eight_gigabytes + "N"), ": offset 2", "8589934592 bytes"},
      {"EndlessGlobal", whole("cos"), ": offset 2", "expected the end of a line, got none"},
      {"LongGlobal", whole(pickled::global(std::string(1000, 'a'), "b")), ": offset 2", "a long one"},
      {"GlobalWithoutTexts", whole("NN\x93"), ": offset 4", "expected a global's name"},
      {"UnknownMemo", whole("h\7"), ": offset 2", "memo index 7"},
      {"MemoOfNothing", whole("q\1"), ": offset 2", "expected a value on the stack, got none"},
      {"TupleWithoutMark", whole("t"), ": offset 2", "expected a mark on the stack, got none"},
      {"TupleOfTooFew", whole("N\x86"), ": offset 3", "expected a value on the stack, got none"},
      {"TupleThroughAMark", whole("N(N\x86"), ": offset 5", "expected a value on the stack, got none"},
      {"AppendToNone", whole("NNa"), ": offset 4", "expected a list to append to"},
      {"AppendToASet", whole("\x8fNa"), ": offset 4", "expected a list to append to"},
      {"AddToAList", whole("](N\x90"), ": offset 5", "expected a set to add to"},
      {"SetItemOfAList", whole("]NNs"), ": offset 5", "expected a dict to set items of"},
      {"OddItems", whole("}(NNNu"), ": offset 7", "an odd number"},
      {"BuildANumber", whole("K\1}b"), ": offset 5", "expected an object to set the state of"},
      {"CallWithoutTuple", whole("cos\nsystem\nNR"), ": offset 14", "expected a tuple of arguments"},
      {"OrderedDictOfANumber", whole(pickled::call(pickled::global("collections", "OrderedDict"), {"K\1"})), ": offset",
       "expected an OrderedDict without arguments or of a list"},
      {"OrderedDictOfTriples",
       whole(
           pickled::call(pickled::global("collections", "OrderedDict"), {pickled::list({pickled::tuple({"N", "N", "N"})})})),
       ": offset", "expected an OrderedDict of pairs"},
      {"OneListCopiedManyTimes", whole(copies), "", "a pickle of at most 2000000 values"},
      {"TooManyValues", whole(std::string(2'000'000, ']')), "", "a pickle of at most 2000000 values"},
      {"TooManyMarks", whole(std::string(2'000'001, '(')), "", "a pickle of at most 2000000 values"},
      {"TooHighAStack", whole(std::string(2'000'001, 'N')), "", "a pickle of at most 2000000 values"},
  };
}

class HostilePickles : public testing::TestWithParam<HostilePickle> {};

TEST_P(HostilePickles, AreRefusedInOneLineThatNamesTheOffset) {
  EXPECT_THAT([&] { unpickled(GetParam().bytes); },
              ThrowsMessage<InputError>(AllOf(StartsWith("x.pkl" + GetParam().offset), HasSubstr(GetParam().got),
                                              HasSubstr("expected "), HasSubstr("; "), Not(HasSubstr("\n")))));
}

INSTANTIATE_TEST_SUITE_P(Pickles, HostilePickles, testing::ValuesIn(hostile_pickles()),
                         [](const auto& test) { return test.param.name; });

TEST(PickleTest, OffsetsCountFromWhereTheCallerSays) {
  const std::string bytes = pickled::whole("2");
  EXPECT_THAT([&] { Pickle(pickle_bytes(bytes), "x.pth", 100); },
              ThrowsMessage<InputError>(StartsWith("x.pth: offset 102: expected")));
}

TEST(PickleTest, EveryTruncationIsRefused) {
  for (int protocol = 2; protocol <= 5; ++protocol) {
    const std::string whole = python_pickle(protocol);
    ASSERT_GT(whole.size(), 100U);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      EXPECT_THROW(unpickled(whole.substr(0, length)), InputError) << "protocol " << protocol << ", " << length << " bytes";
    }
  }
}

/// Reads what may be damaged. @return whether it is a pickle still.
bool is_pickle(const std::string& bytes) {
  try {
    const Pickle pickle = unpickled(bytes);
    EXPECT_FALSE(pickle.describe(pickle.root()).empty());
    EXPECT_LE(pickle.bytes_read(), bytes.size());
    for (const PickleValue& value : pickle.values()) {
      for (const PickleId id : value.items) EXPECT_LT(id, pickle.values().size());
    }
    return true;
  } catch (const InputError&) {
    return false;
  }
}

TEST(PickleTest, EveryByteChangedIsReadOrRefused) {
  const FuzzLimits limits;
  int accepted = 0;
  int refused = 0;
  for (int protocol = 2; protocol <= 5; ++protocol) {
    const std::string whole = python_pickle(protocol);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      for (const int change : {0xFF, 0x01, 0x80}) {
        std::string bytes = whole;
        bytes[i] = static_cast<char>(bytes[i] ^ change);
        ++(is_pickle(bytes) ? accepted : refused);
      }
    }
  }
  EXPECT_GT(accepted, 1000);  // letters of texts, digits of numbers
  EXPECT_GT(refused, 1000);
}

TEST(PickleTest, AnyOpcodesInAnyOrderAreReadOrRefused) {
  const FuzzLimits limits;
  // Those that need no more bytes after them, and a few whole pieces; the former often enough to meet each other.
  const std::string simple = "().01NRabes]t}u\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94Q";
  const std::vector<std::string> pieces{"q\1",
                                        "q\2",
                                        "h\1",
                                        "h\2",
                                        "K\5",
                                        "X\1" + std::string(3, '\0') + "a",
                                        "U\1b",
                                        pickled::global("collections", "OrderedDict"),
                                        pickled::global("os", "system")};
  int accepted = 0;
  for (std::uint64_t i = 0; i < 30000; ++i) {
    RandomStream random(2, Purpose::test, {i});
    std::string opcodes;
    for (std::uint64_t left = 1 + random.below(30); left > 0; --left) {
      if (random.chance(0.5)) {
        opcodes += simple[static_cast<std::size_t>(random.below(simple.size()))];
      } else {
        opcodes += pieces[static_cast<std::size_t>(random.below(pieces.size()))];
      }
    }
    if (is_pickle(pickled::whole(opcodes))) ++accepted;
  }
  EXPECT_GT(accepted, 300);
}

}  // namespace
}  // namespace fovea
