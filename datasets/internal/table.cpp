#include <algorithm>
#include <string_view>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/base/file.h>
#include <fovea/base/utf8.h>
#include <fovea/datasets/internal/table.h>

namespace fovea {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;

std::string trimmed(const std::string& text) {
  constexpr const char* kSpaces = " \t\r";
  const std::size_t begin = text.find_first_not_of(kSpaces);
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(kSpaces) + 1 - begin);
}

/// The character between the cells of the first line: the most frequent of three.
char separator_of(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  char best = ',';
  for (const char candidate : {';', '\t'}) {
    if (std::count(line.begin(), line.end(), candidate) > std::count(line.begin(), line.end(), best)) best = candidate;
  }
  return best;
}

/// Reads rows of a text in order.
class TableReader {
 public:
  TableReader(std::string_view text, std::string path)
      : text_(text), path_(std::move(path)), separator_(separator_of(text)) {}

  /// The next row that is not empty; None at the end.
  std::optional<TableRow> next() {
    while (offset_ < text_.size()) {
      TableRow row{line_, {}};
      bool more = true;
      while (more) {
        row.cells.push_back(cell());
        more = take(separator_);
      }
      take('\n');
      ++line_;
      if (row.cells.size() > 1 || !row.cells.front().empty()) return row;
    }
    return std::nullopt;
  }

 private:
  bool take(char expected) {
    if (offset_ == text_.size() || text_[offset_] != expected) return false;
    ++offset_;
    return true;
  }

  std::string cell() {
    while (offset_ < text_.size() && text_[offset_] == ' ') ++offset_;
    if (take('"')) return quoted_cell();
    const std::size_t begin = offset_;
    while (offset_ < text_.size() && text_[offset_] != separator_ && text_[offset_] != '\n') ++offset_;
    return trimmed(std::string(text_.substr(begin, offset_ - begin)));
  }

  std::string quoted_cell() {
    const std::int64_t first_line = line_;
    std::string value;
    while (true) {
      if (offset_ == text_.size()) {
        throw InputError(path_ + ":" + std::to_string(first_line), "a closing quote", "the end of the file", "add it");
      }
      const char character = text_[offset_++];
      if (character == '"' && !take('"')) break;
      if (character == '\n') ++line_;
      value.push_back(character);
    }
    while (offset_ < text_.size() && (text_[offset_] == ' ' || text_[offset_] == '\r')) ++offset_;
    if (offset_ < text_.size() && text_[offset_] != separator_ && text_[offset_] != '\n') {
      throw InputError(path_ + ":" + std::to_string(line_), "the end of a cell after its quotes",
                       "'" + std::string(1, text_[offset_]) + "'", "write a quote inside a cell twice");
    }
    return value;
  }

  std::string_view text_;
  std::string path_;
  char separator_;
  std::size_t offset_ = 0;
  std::int64_t line_ = 1;
};

}  // namespace

std::optional<std::size_t> Table::find_column(const std::string& name) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const std::string& column) { return lower_case(column) == lower_case(name); });
  return found == columns.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - columns.begin()));
}

Table read_table(const std::string& path) {
  const std::vector<std::uint8_t> bytes = read_file(path, kMostBytes);
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.find('\0') != std::string_view::npos) {
    throw InputError(path, "a table as text in UTF-8", "zero bytes", "save it as CSV in UTF-8");
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark, as Excel writes it
  TableReader reader(text, path);
  auto header = reader.next();
  if (!header) throw InputError(path, "a first line with the names of the columns", "an empty file");
  Table table{path, std::move(header->cells), {}};
  while (auto row = reader.next()) {
    if (row->cells.size() != table.columns.size()) {
      throw InputError(table.where(*row), std::to_string(table.columns.size()) + " cells, one for each column",
                       std::to_string(row->cells.size()), "put a cell that contains the separator in quotes");
    }
    table.rows.push_back(*std::move(row));
  }
  return table;
}

}  // namespace fovea
