#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <ranges>
#include <unordered_map>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/weights/pickle.h>

namespace fovea {
namespace {

using Kind = PickleValue::Kind;

/// Of values, and of what the stack and the memo hold: a checkpoint has some ten for each tensor.
constexpr std::size_t kMostPickleValues = 2'000'000;
/// Distinct globals; real files name a few dozen.
constexpr std::size_t kMostPickleGlobals = 10'000;
constexpr std::size_t kLongestGlobal = 1000;
constexpr int kOldestProtocol = 2;
constexpr int kNewestProtocol = 5;
constexpr const char* kNoPickle = "the file is damaged or not from torch.save";

enum Opcode : std::uint8_t {
  kMark = '(',
  kStop = '.',
  kPop = '0',
  kPopMark = '1',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kBinPersistentId = 'Q',
  kReduce = 'R',
  kBinString = 'T',
  kShortBinString = 'U',
  kBinUnicode = 'X',
  kAppend = 'a',
  kBuild = 'b',
  kBinBytes = 'B',
  kShortBinBytes = 'C',
  kGlobal = 'c',
  kEmptyDict = '}',
  kAppends = 'e',
  kBinFloat = 'G',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kEmptyList = ']',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kEmptyTuple = ')',
  kSetItems = 'u',
  kProtocol = 0x80,
  kNewObject = 0x81,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
  kLong4 = 0x8b,
  kShortBinUnicode = 0x8c,
  kBinUnicode8 = 0x8d,
  kBinBytes8 = 0x8e,
  kEmptySet = 0x8f,
  kAddItems = 0x90,
  kFrozenSet = 0x91,
  kNewObjectEx = 0x92,
  kStackGlobal = 0x93,
  kMemoize = 0x94,
  kFrame = 0x95,
  kByteArray8 = 0x96,
};

/// Opcodes that exist and that nothing here needs: of protocols 0 and 1, of extension codes, of buffers outside the pickle.
constexpr std::array<std::pair<std::uint8_t, const char*>, 19> kRefusedOpcodes{{{'2', "DUP"},
                                                                                {'F', "FLOAT"},
                                                                                {'I', "INT"},
                                                                                {'L', "LONG"},
                                                                                {'P', "PERSID"},
                                                                                {'S', "STRING"},
                                                                                {'V', "UNICODE"},
                                                                                {'d', "DICT"},
                                                                                {'g', "GET"},
                                                                                {'i', "INST"},
                                                                                {'l', "LIST"},
                                                                                {'o', "OBJ"},
                                                                                {'p', "PUT"},
                                                                                {kProtocol, "PROTO inside a pickle"},
                                                                                {0x82, "EXT1"},
                                                                                {0x83, "EXT2"},
                                                                                {0x84, "EXT4"},
                                                                                {0x97, "NEXT_BUFFER"},
                                                                                {0x98, "READONLY_BUFFER"}}};

std::string opcode_name(std::uint8_t code) {
  for (const auto& [refused, name] : kRefusedOpcodes) {
    if (refused == code) return std::string("the opcode ") + name;
  }
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "the byte 0x%02x", code);
  return text.data();
}

/// Python's stack machine, as far as it moves data.
class PickleReader {
 public:
  PickleReader(std::span<const std::uint8_t> bytes, const std::string& where, std::size_t first_offset)
      : bytes_(bytes), where_(where), first_offset_(first_offset) {
    none_ = add(Kind::none);
    false_ = add(Kind::boolean);
    true_ = add(Kind::boolean);
    values_[true_].integer = 1;
  }

  /// @return the pickled value.
  PickleId read() {
    if (const std::uint64_t first = little_endian(1); first != kProtocol) fail("a pickle", opcode_name(byte(first)));
    const std::uint64_t protocol = little_endian(1);
    if (protocol < kOldestProtocol || protocol > kNewestProtocol)
      fail("a pickle of protocol 2 to 5", "protocol " + std::to_string(protocol));
    while (true) {
      start_ = position_;
      const auto opcode = byte(little_endian(1));
      if (opcode == kStop) break;
      execute(opcode);
    }
    const PickleId root = pop();
    if (!stack_.empty() || !marks_.empty()) fail("one value at the end", "more");
    return root;
  }

  std::deque<PickleValue> take_values() { return std::move(values_); }
  std::size_t position() const { return position_; }

 private:
  [[noreturn]] void fail(const std::string& expected, const std::string& got) const {
    throw InputError(where_ + ": offset " + std::to_string(first_offset_ + start_), expected, got, kNoPickle);
  }
  [[noreturn]] static void fail_too_many(const std::string& where) {
    throw InputError(where, "a pickle of at most " + std::to_string(kMostPickleValues) + " values", "more",
                     "in Python, save the state dict alone");
  }

  static std::uint8_t byte(std::uint64_t value) { return static_cast<std::uint8_t>(value); }

  std::span<const std::uint8_t> take(std::uint64_t count) {
    const std::size_t left = bytes_.size() - position_;
    if (count > left) fail(std::to_string(count) + " bytes more", std::to_string(left));
    const auto taken = bytes_.subspan(position_, static_cast<std::size_t>(count));
    position_ += taken.size();
    return taken;
  }
  std::uint64_t little_endian(std::size_t count) {
    std::uint64_t value = 0;
    int shift = 0;
    for (const std::uint8_t part : take(count)) {
      value |= std::uint64_t{part} << shift;
      shift += 8;
    }
    return value;
  }
  std::string take_text(std::uint64_t length) {
    const auto taken = take(length);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  std::string take_line() {
    const auto rest = bytes_.subspan(position_);
    const auto end = std::find(rest.begin(), rest.end(), '\n');
    if (end == rest.end()) fail("the end of a line", "none");
    std::string line = take_text(static_cast<std::uint64_t>(end - rest.begin()));
    ++position_;
    return line;
  }

  PickleId add(Kind kind) {
    if (values_.size() >= kMostPickleValues) fail_too_many(where_);
    values_.emplace_back().kind = kind;
    return static_cast<PickleId>(values_.size() - 1);
  }
  void push(PickleId id) {
    if (stack_.size() >= kMostPickleValues) fail_too_many(where_);
    stack_.push_back(id);
  }
  /// Pushes a new value. @return it, to be filled.
  PickleValue& push_new(Kind kind) {
    push(add(kind));
    return values_.back();
  }
  void push_integer(std::int64_t integer) { push_new(Kind::integer).integer = integer; }
  void push_text(Kind kind, std::uint64_t length) { push_new(kind).text = take_text(length); }
  void push_items(Kind kind, std::vector<PickleId> items) { push_new(kind).items = std::move(items); }

  /// What is on the stack above the last mark.
  std::size_t height() const { return stack_.size() - (marks_.empty() ? 0 : marks_.back()); }
  PickleId pop() {
    if (height() == 0) fail("a value on the stack", "none");
    const PickleId top = stack_.back();
    stack_.pop_back();
    return top;
  }
  PickleId peek() {
    if (height() == 0) fail("a value on the stack", "none");
    return stack_.back();
  }
  std::vector<PickleId> pop_to_mark() {
    if (marks_.empty()) fail("a mark on the stack", "none");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<PickleId> popped(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return popped;
  }
  void push_tuple(std::size_t count) {
    std::vector<PickleId> items(count);
    for (std::size_t i = count; i > 0; --i) items[i - 1] = pop();
    push_items(Kind::tuple, std::move(items));
  }

  /// Adds elements to the list or set on top; of an object that nobody builds, notes it alone.
  void extend(Kind kind, const std::vector<PickleId>& elements) {
    PickleValue& target = values_[peek()];
    if (target.kind == Kind::call) {
      target.altered = true;
      return;
    }
    if (target.kind != kind) fail(kind == Kind::list ? "a list to append to" : "a set to add to", "another value");
    target.items.insert(target.items.end(), elements.begin(), elements.end());
  }
  void set_items(const std::vector<PickleId>& keys_and_values) {
    if (keys_and_values.size() % 2 != 0) fail("a value for every key", "an odd number");
    PickleValue& target = values_[peek()];
    if (target.kind == Kind::call) {
      target.altered = true;
      return;
    }
    if (target.kind != Kind::dict) fail("a dict to set items of", "another value");
    target.items.insert(target.items.end(), keys_and_values.begin(), keys_and_values.end());
  }

  /// The attributes of an object; an OrderedDict has some too (`_metadata`, versions of modules), which are dropped.
  void build() {
    pop();
    PickleValue& target = values_[peek()];
    if (target.kind == Kind::call) {
      target.altered = true;
    } else if (target.kind != Kind::dict) {
      fail("an object to set the state of", "another value");
    }
  }

  /// Equal globals are one value, so that a short pickle cannot join long texts again and again.
  void push_global(const std::string& module, const std::string& name) {
    if (module.size() + name.size() >= kLongestGlobal) fail("a global with a short name", "a long one");
    const std::string global = module + "." + name;
    if (const auto known = globals_.find(global); known != globals_.end()) return push(known->second);
    if (globals_.size() >= kMostPickleGlobals) fail_too_many(where_);
    push_new(Kind::global).text = global;
    globals_.emplace(global, stack_.back());
  }

  void push_call(PickleId callee, PickleId arguments) {
    if (values_[arguments].kind != Kind::tuple) fail("a tuple of arguments", "another value");
    if (values_[callee].kind == Kind::global && values_[callee].text == "collections.OrderedDict") {
      push_ordered_dict(arguments);
    } else {
      push_items(Kind::call, {callee, arguments});
    }
  }
  /// Python 3 fills an empty one afterwards, Python 2 gives a list of pairs.
  void push_ordered_dict(PickleId arguments) {
    std::vector<PickleId> keys_and_values;
    const std::vector<PickleId>& given = values_[arguments].items;
    if (given.size() > 1 || (given.size() == 1 && values_[given[0]].kind != Kind::list))
      fail("an OrderedDict of nothing or of a list", "other arguments");
    if (given.size() == 1) {
      for (const PickleId id : values_[given[0]].items) {
        const PickleValue& pair = values_[id];
        if ((pair.kind != Kind::list && pair.kind != Kind::tuple) || pair.items.size() != 2)
          fail("an OrderedDict of pairs", "another value");
        if (++copied_pairs_ > kMostPickleValues) fail_too_many(where_);  // of one list, perhaps, again and again
        keys_and_values.insert(keys_and_values.end(), pair.items.begin(), pair.items.end());
      }
    }
    push_items(Kind::dict, std::move(keys_and_values));
  }

  void push_long(std::uint64_t length) {
    std::string digits = take_text(length);
    if (digits.size() > sizeof(std::int64_t)) {
      push_new(Kind::long_integer).text = std::move(digits);
      return;
    }
    std::uint64_t value = !digits.empty() && byte(digits.back()) >= 0x80 ? ~std::uint64_t{0} : 0;
    for (const char digit : std::views::reverse(digits)) value = value << 8 | byte(digit);
    push_integer(static_cast<std::int64_t>(value));
  }
  void push_real() {
    std::uint64_t bits = 0;
    for (const std::uint8_t part : take(sizeof(double))) bits = bits << 8 | part;  // the one big-endian number of a pickle
    push_new(Kind::real).real = std::bit_cast<double>(bits);
  }

  void remember(std::uint64_t place) {
    if (memo_.size() >= kMostPickleValues) fail_too_many(where_);
    memo_[place] = peek();
  }
  void recall(std::uint64_t place) {
    const auto found = memo_.find(place);
    if (found == memo_.end()) fail("a value that was memoized", "place " + std::to_string(place));
    push(found->second);
  }

  void execute(std::uint8_t opcode) {
    switch (opcode) {
      case kFrame: {
        const std::uint64_t length = little_endian(8);
        if (length > bytes_.size() - position_) fail("a frame within the pickle", std::to_string(length) + " bytes");
        return;
      }
      case kMark:
        if (marks_.size() >= kMostPickleValues) fail_too_many(where_);
        return marks_.push_back(stack_.size());
      case kPop:
        pop();
        return;
      case kPopMark:
        pop_to_mark();
        return;

      case kNone:
        return push(none_);
      case kNewTrue:
        return push(true_);
      case kNewFalse:
        return push(false_);
      case kBinInt:
        return push_integer(static_cast<std::int32_t>(little_endian(4)));
      case kBinInt1:
        return push_integer(static_cast<std::int64_t>(little_endian(1)));
      case kBinInt2:
        return push_integer(static_cast<std::int64_t>(little_endian(2)));
      case kLong1:
        return push_long(little_endian(1));
      case kLong4:
        return push_long(little_endian(4));
      case kBinFloat:
        return push_real();

      case kShortBinString:  // Python 2's texts
      case kShortBinUnicode:
        return push_text(Kind::text, little_endian(1));
      case kBinString:
      case kBinUnicode:
        return push_text(Kind::text, little_endian(4));
      case kBinUnicode8:
        return push_text(Kind::text, little_endian(8));
      case kShortBinBytes:
        return push_text(Kind::bytes, little_endian(1));
      case kBinBytes:
        return push_text(Kind::bytes, little_endian(4));
      case kBinBytes8:
      case kByteArray8:
        return push_text(Kind::bytes, little_endian(8));

      case kEmptyList:
        push_new(Kind::list);
        return;
      case kAppend:
        return extend(Kind::list, {pop()});
      case kAppends:
        return extend(Kind::list, pop_to_mark());
      case kEmptyTuple:
        push_new(Kind::tuple);
        return;
      case kTuple:
        return push_items(Kind::tuple, pop_to_mark());
      case kTuple1:
        return push_tuple(1);
      case kTuple2:
        return push_tuple(2);
      case kTuple3:
        return push_tuple(3);
      case kEmptySet:
        push_new(Kind::set);
        return;
      case kAddItems:
        return extend(Kind::set, pop_to_mark());
      case kFrozenSet:
        return push_items(Kind::set, pop_to_mark());
      case kEmptyDict:
        push_new(Kind::dict);
        return;
      case kSetItem: {
        const PickleId value = pop();
        const PickleId key = pop();
        return set_items({key, value});
      }
      case kSetItems:
        return set_items(pop_to_mark());

      case kGlobal: {
        const std::string module = take_line();
        return push_global(module, take_line());
      }
      case kStackGlobal: {
        const PickleId name = pop();
        const PickleId module = pop();
        if (values_[name].kind != Kind::text || values_[module].kind != Kind::text) fail("a global's name", "another value");
        return push_global(values_[module].text, values_[name].text);
      }
      case kNewObjectEx:
        pop();  // named arguments
        [[fallthrough]];
      case kReduce:
      case kNewObject: {
        const PickleId arguments = pop();
        const PickleId callee = pop();
        return push_call(callee, arguments);
      }
      case kBuild:
        return build();
      case kBinPersistentId:
        return push_items(Kind::persistent, {pop()});

      case kBinPut:
        return remember(little_endian(1));
      case kLongBinPut:
        return remember(little_endian(4));
      case kMemoize:
        return remember(memo_.size());
      case kBinGet:
        return recall(little_endian(1));
      case kLongBinGet:
        return recall(little_endian(4));
      default:
        fail("an opcode that torch.save writes", opcode_name(opcode));
    }
  }

  std::span<const std::uint8_t> bytes_;
  const std::string& where_;
  std::size_t first_offset_;
  std::size_t position_ = 0;
  std::size_t start_ = 0;  ///< of the opcode at work
  std::deque<PickleValue> values_;
  PickleId none_ = 0;
  PickleId false_ = 0;
  PickleId true_ = 0;
  std::vector<PickleId> stack_;
  std::vector<std::size_t> marks_;  ///< heights of the stack
  std::unordered_map<std::uint64_t, PickleId> memo_;
  std::unordered_map<std::string, PickleId> globals_;
  std::size_t copied_pairs_ = 0;
};

}  // namespace

Pickle::Pickle(std::span<const std::uint8_t> bytes, const std::string& where, std::size_t first_offset) {
  PickleReader reader(bytes, where, first_offset);
  root_ = reader.read();
  bytes_read_ = reader.position();
  values_ = reader.take_values();
}

bool Pickle::is_text(PickleId id, std::string_view text) const {
  return values_[id].kind == Kind::text && values_[id].text == text;
}

bool Pickle::is_call_of(PickleId id, std::string_view global) const {
  if (values_[id].kind != Kind::call) return false;
  const PickleValue& callee = values_[values_[id].items[0]];
  return callee.kind == Kind::global && callee.text == global;
}

std::optional<PickleId> Pickle::find(PickleId dict, std::string_view key) const {
  const std::vector<PickleId>& items = values_[dict].items;
  for (std::size_t i = values_[dict].kind == Kind::dict ? items.size() : 0; i > 0; i -= 2) {
    if (is_text(items[i - 2], key)) return items[i - 1];
  }
  return std::nullopt;
}

std::string Pickle::callee_name(const PickleValue& callee) const {
  if (callee.kind == Kind::global) return callee.text;
  if (callee.kind == Kind::persistent) {  // a class whose source lies beside it: ('module', class, file, source)
    for (const PickleId part : values_[callee.items[0]].items) {
      if (values_[part].kind == Kind::global) return values_[part].text;
    }
  }
  return "a value";
}

std::string Pickle::describe(PickleId id) const {
  const PickleValue& value = values_[id];
  switch (value.kind) {
    case Kind::none:
      return "None";
    case Kind::boolean:
      return value.integer != 0 ? "True" : "False";
    case Kind::integer:
      return "the number " + std::to_string(value.integer);
    case Kind::long_integer:
      return "a number of " + std::to_string(value.text.size()) + " bytes";
    case Kind::real:
      return "the number " + std::to_string(value.real);
    case Kind::text:
      return "the text '" + value.text.substr(0, 100) + "'";
    case Kind::bytes:
      return std::to_string(value.text.size()) + " bytes";
    case Kind::list:
      return "a list";
    case Kind::tuple:
      return "a tuple";
    case Kind::set:
      return "a set";
    case Kind::dict:
      return "a dict";
    case Kind::global:
      return value.text;
    case Kind::call:
      return "a call of " + callee_name(values_[value.items[0]]);
    case Kind::persistent:
      return "a storage";
  }
  return "a value";
}

}  // namespace fovea
