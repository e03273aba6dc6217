#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <ranges>
#include <unordered_map>
#include <utility>

#include <fovea/base/byte_order.h>
#include <fovea/base/error.h>
#include <fovea/weights/internal/damage_advice.h>
#include <fovea/weights/internal/pickle.h>

namespace fovea {
namespace {

using Kind = PickleValue::Kind;

/// Limit of values, stack entries and memo entries; a checkpoint has about ten per tensor.
constexpr std::size_t kMostPickleValues = 2'000'000;
/// Limit of distinct globals; real files have a few dozen.
constexpr std::size_t kMostPickleGlobals = 10'000;
constexpr std::size_t kLongestGlobal = 1000;
constexpr int kOldestProtocol = 2;
constexpr int kNewestProtocol = 5;

constexpr std::uint8_t kStop = '.';
constexpr std::uint8_t kProtocol = 0x80;

/// Stack machine of Python's unpickler, without imports and calls.
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
    if (const auto first = number<std::uint8_t>(); first != kProtocol) fail("a pickle", opcode_name(first));
    const int protocol = number<std::uint8_t>();
    if (protocol < kOldestProtocol || protocol > kNewestProtocol)
      fail("a pickle of protocol 2 to 5", "protocol " + std::to_string(protocol));
    while (true) {
      start_ = position_;
      const auto opcode = number<std::uint8_t>();
      if (opcode == kStop) break;
      const Action action = kOpcodes[opcode].action;
      if (action == nullptr) fail("an opcode that torch.save writes", opcode_name(opcode));
      (this->*action)();
    }
    const PickleId root = pop();
    if (!stack_.empty() || !marks_.empty()) fail("one value at the end", "more");
    return root;
  }

  std::deque<PickleValue> take_values() { return std::move(values_); }
  std::size_t position() const { return position_; }

 private:
  using Action = void (PickleReader::*)();
  struct Opcode {
    const char* name = nullptr;
    Action action = nullptr;
  };
  /// Opcodes other than STOP by byte, with their names in Python's pickletools. Those without an action are rejected:
  /// opcodes of protocols 0 and 1, extension codes and buffers outside the pickle, which state dicts do not need.
  static const std::array<Opcode, 256> kOpcodes;

  static std::string opcode_name(std::uint8_t byte) {
    const Opcode& opcode = kOpcodes[byte];
    if (opcode.name != nullptr && opcode.action == nullptr) return std::string("the opcode ") + opcode.name;
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "the byte 0x%02x", byte);
    return text.data();
  }

  [[noreturn]] void fail(const std::string& expected, const std::string& got) const {
    throw InputError(where_ + ": offset " + std::to_string(first_offset_ + start_), expected, got, kDamagedPickle);
  }
  [[noreturn]] static void fail_too_many(const std::string& where) {
    throw InputError(where, "a pickle of at most " + std::to_string(kMostPickleValues) + " values", "more",
                     "in Python, save the state dict alone");
  }

  std::span<const std::uint8_t> take(std::uint64_t count) {
    const std::size_t left = bytes_.size() - position_;
    if (count > left) fail(std::to_string(count) + " bytes more", std::to_string(left));
    const auto taken = bytes_.subspan(position_, static_cast<std::size_t>(count));
    position_ += taken.size();
    return taken;
  }
  template <typename Number>
  Number number() {
    return load_little_endian<Number>(take(sizeof(Number)));
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
  void push_items(Kind kind, std::vector<PickleId> items) { push_new(kind).items = std::move(items); }

  /// Values on the stack above the last mark.
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

  /// Adds elements, or alternating keys and values, to the value on top of the stack. A call is not executed: it is only
  /// marked as altered.
  void extend(Kind kind, const std::vector<PickleId>& elements) {
    if (kind == Kind::dict && elements.size() % 2 != 0) fail("a value for every key", "an odd number");
    PickleValue& target = values_[peek()];
    if (target.kind == Kind::call) {
      target.altered = true;
      return;
    }
    if (target.kind != kind) {
      const bool is_list = kind == Kind::list;
      fail(is_list             ? "a list to append to"
           : kind == Kind::set ? "a set to add to"
                               : "a dict to set items of",
           "another value");
    }
    target.items.insert(target.items.end(), elements.begin(), elements.end());
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
  /// Arguments of Python 3: none, items follow; of Python 2: a list of pairs.
  void push_ordered_dict(PickleId arguments) {
    std::vector<PickleId> keys_and_values;
    const std::vector<PickleId>& given = values_[arguments].items;
    if (given.size() > 1 || (given.size() == 1 && values_[given[0]].kind != Kind::list))
      fail("an OrderedDict without arguments or of a list", "other arguments");
    if (given.size() == 1) {
      for (const PickleId id : values_[given[0]].items) {
        const PickleValue& pair = values_[id];
        if ((pair.kind != Kind::list && pair.kind != Kind::tuple) || pair.items.size() != 2)
          fail("an OrderedDict of pairs", "another value");
        if (++copied_pairs_ > kMostPickleValues) fail_too_many(where_);  // a small file could copy one list many times
        keys_and_values.insert(keys_and_values.end(), pair.items.begin(), pair.items.end());
      }
    }
    push_items(Kind::dict, std::move(keys_and_values));
  }

  // The opcodes' actions.

  void frame() {
    const auto length = number<std::uint64_t>();
    if (length > bytes_.size() - position_) fail("a frame within the pickle", std::to_string(length) + " bytes");
  }
  void mark() {
    if (marks_.size() >= kMostPickleValues) fail_too_many(where_);
    marks_.push_back(stack_.size());
  }
  void drop() { pop(); }
  void drop_to_mark() { pop_to_mark(); }

  void push_none() { push(none_); }
  void push_true() { push(true_); }
  void push_false() { push(false_); }
  template <typename Number>
  void push_integer() {
    push_new(Kind::integer).integer = number<Number>();
  }
  template <typename Length>
  void push_long() {
    const auto digits = take(number<Length>());
    if (digits.size() > sizeof(std::int64_t)) {
      push_new(Kind::long_integer).text.assign(digits.begin(), digits.end());
      return;
    }
    std::array<std::uint8_t, sizeof(std::int64_t)> extended{};
    if (!digits.empty() && digits.back() >= 0x80) extended.fill(0xff);
    std::ranges::copy(digits, extended.begin());
    push_new(Kind::integer).integer = load_little_endian<std::int64_t>(extended);
  }
  /// The one big-endian number of a pickle.
  void push_real() {
    push_new(Kind::real).real = std::bit_cast<double>(load_big_endian<std::uint64_t>(take(sizeof(double))));
  }
  template <Kind kKind, typename Length>
  void push_text() {
    push_new(kKind).text = take_text(number<Length>());
  }

  template <Kind kKind>
  void push_empty() {
    push_new(kKind);
  }
  template <Kind kKind>
  void push_marked() {
    push_items(kKind, pop_to_mark());
  }
  template <std::size_t kCount>
  void push_tuple() {
    std::vector<PickleId> items(kCount);
    for (PickleId& item : std::views::reverse(items)) item = pop();
    push_items(Kind::tuple, std::move(items));
  }
  void append() { extend(Kind::list, {pop()}); }
  template <Kind kKind>
  void extend_marked() {
    extend(kKind, pop_to_mark());
  }
  void set_item() {
    const PickleId value = pop();
    const PickleId key = pop();
    extend(Kind::dict, {key, value});
  }

  void read_global() {
    const std::string module = take_line();
    push_global(module, take_line());
  }
  void stack_global() {
    const PickleValue& name = values_[pop()];
    const PickleValue& module = values_[pop()];
    if (name.kind != Kind::text || module.kind != Kind::text) fail("a global's name", "another value");
    push_global(module.text, name.text);
  }
  void call() {
    const PickleId arguments = pop();
    const PickleId callee = pop();
    push_call(callee, arguments);
  }
  void call_with_named_arguments() {
    pop();
    call();
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

  void persistent() { push_items(Kind::persistent, {pop()}); }

  void memoize(std::uint64_t index) {
    if (memo_.size() >= kMostPickleValues) fail_too_many(where_);
    memo_[index] = peek();
  }
  void memoize_next() { memoize(memo_.size()); }
  template <typename Index>
  void put() {
    memoize(number<Index>());
  }
  template <typename Index>
  void get() {
    const std::uint64_t index = number<Index>();
    const auto found = memo_.find(index);
    if (found == memo_.end()) fail("a value that was memoized", "memo index " + std::to_string(index));
    push(found->second);
  }

  std::span<const std::uint8_t> bytes_;
  const std::string& where_;
  std::size_t first_offset_;
  std::size_t position_ = 0;
  std::size_t start_ = 0;  ///< of the current opcode
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

constinit const std::array<PickleReader::Opcode, 256> PickleReader::kOpcodes = [] {
  using Reader = PickleReader;
  std::array<Opcode, 256> table{};
  table[kProtocol] = {"PROTO inside a pickle"};
  table[0x95] = {"FRAME", &Reader::frame};
  table['('] = {"MARK", &Reader::mark};
  table['0'] = {"POP", &Reader::drop};
  table['1'] = {"POP_MARK", &Reader::drop_to_mark};
  table['2'] = {"DUP"};

  table['N'] = {"NONE", &Reader::push_none};
  table[0x88] = {"NEWTRUE", &Reader::push_true};
  table[0x89] = {"NEWFALSE", &Reader::push_false};
  table['I'] = {"INT"};
  table['J'] = {"BININT", &Reader::push_integer<std::int32_t>};
  table['K'] = {"BININT1", &Reader::push_integer<std::uint8_t>};
  table['M'] = {"BININT2", &Reader::push_integer<std::uint16_t>};
  table['L'] = {"LONG"};
  table[0x8a] = {"LONG1", &Reader::push_long<std::uint8_t>};
  table[0x8b] = {"LONG4", &Reader::push_long<std::uint32_t>};
  table['F'] = {"FLOAT"};
  table['G'] = {"BINFLOAT", &Reader::push_real};

  table['S'] = {"STRING"};
  table['T'] = {"BINSTRING", &Reader::push_text<Kind::text, std::uint32_t>};  // strings of Python 2
  table['U'] = {"SHORT_BINSTRING", &Reader::push_text<Kind::text, std::uint8_t>};
  table['V'] = {"UNICODE"};
  table['X'] = {"BINUNICODE", &Reader::push_text<Kind::text, std::uint32_t>};
  table[0x8c] = {"SHORT_BINUNICODE", &Reader::push_text<Kind::text, std::uint8_t>};
  table[0x8d] = {"BINUNICODE8", &Reader::push_text<Kind::text, std::uint64_t>};
  table['B'] = {"BINBYTES", &Reader::push_text<Kind::bytes, std::uint32_t>};
  table['C'] = {"SHORT_BINBYTES", &Reader::push_text<Kind::bytes, std::uint8_t>};
  table[0x8e] = {"BINBYTES8", &Reader::push_text<Kind::bytes, std::uint64_t>};
  table[0x96] = {"BYTEARRAY8", &Reader::push_text<Kind::bytes, std::uint64_t>};
  table[0x97] = {"NEXT_BUFFER"};
  table[0x98] = {"READONLY_BUFFER"};

  table[']'] = {"EMPTY_LIST", &Reader::push_empty<Kind::list>};
  table['l'] = {"LIST"};
  table['a'] = {"APPEND", &Reader::append};
  table['e'] = {"APPENDS", &Reader::extend_marked<Kind::list>};
  table[')'] = {"EMPTY_TUPLE", &Reader::push_empty<Kind::tuple>};
  table['t'] = {"TUPLE", &Reader::push_marked<Kind::tuple>};
  table[0x85] = {"TUPLE1", &Reader::push_tuple<1>};
  table[0x86] = {"TUPLE2", &Reader::push_tuple<2>};
  table[0x87] = {"TUPLE3", &Reader::push_tuple<3>};
  table[0x8f] = {"EMPTY_SET", &Reader::push_empty<Kind::set>};
  table[0x90] = {"ADDITEMS", &Reader::extend_marked<Kind::set>};
  table[0x91] = {"FROZENSET", &Reader::push_marked<Kind::set>};
  table['}'] = {"EMPTY_DICT", &Reader::push_empty<Kind::dict>};
  table['d'] = {"DICT"};
  table['s'] = {"SETITEM", &Reader::set_item};
  table['u'] = {"SETITEMS", &Reader::extend_marked<Kind::dict>};

  table['c'] = {"GLOBAL", &Reader::read_global};
  table[0x93] = {"STACK_GLOBAL", &Reader::stack_global};
  table[0x82] = {"EXT1"};
  table[0x83] = {"EXT2"};
  table[0x84] = {"EXT4"};
  table['R'] = {"REDUCE", &Reader::call};
  table['i'] = {"INST"};
  table['o'] = {"OBJ"};
  table[0x81] = {"NEWOBJ", &Reader::call};
  table[0x92] = {"NEWOBJ_EX", &Reader::call_with_named_arguments};
  table['b'] = {"BUILD", &Reader::build};
  table['P'] = {"PERSID"};
  table['Q'] = {"BINPERSID", &Reader::persistent};

  table['p'] = {"PUT"};
  table['q'] = {"BINPUT", &Reader::put<std::uint8_t>};
  table['r'] = {"LONG_BINPUT", &Reader::put<std::uint32_t>};
  table[0x94] = {"MEMOIZE", &Reader::memoize_next};
  table['g'] = {"GET"};
  table['h'] = {"BINGET", &Reader::get<std::uint8_t>};
  table['j'] = {"LONG_BINGET", &Reader::get<std::uint32_t>};
  return table;
}();

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
  if (callee.kind == Kind::persistent) {  // a class with its source: ('module', class, file, source)
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
