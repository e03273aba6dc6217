#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fovea {

struct TableRow {
  std::int64_t line = 0;  ///< of the file, from 1
  std::vector<std::string> cells;
};

/// A table of texts whose first line names the columns.
struct Table {
  std::string path;
  std::vector<std::string> columns;
  std::vector<TableRow> rows;

  /// Index of a column, whose name may be in any case; None without it.
  std::optional<std::size_t> find_column(const std::string& name) const;
  /// "labels.csv:7", for messages.
  std::string where(const TableRow& row) const { return path + ":" + std::to_string(row.line); }
};

/// Reads a table in UTF-8 with commas, semicolons or tabs between its cells; the first line tells which. A cell may be in
/// quotes (RFC 4180), spaces around others are removed, and empty lines are skipped.
/// @throws InputError naming the file and the line.
Table read_table(const std::string& path);

}  // namespace fovea
