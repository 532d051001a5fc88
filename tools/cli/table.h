// Tables for people: columns as wide as their widest cell, the last one cut to the terminal,
// control characters made harmless (names of phones come from outside). Thread rule: plain
// functions.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace rp {

using TableRow = std::vector<std::string>;

// `columns` 0: nothing is cut. Every row has as many cells as `head`.
void print_table(std::ostream& out, int columns, const TableRow& head,
                 const std::vector<TableRow>& rows);

// "1.5 GiB".
[[nodiscard]] std::string human_bytes(std::int64_t bytes);
// "3 min", "2 h", "5 d".
[[nodiscard]] std::string human_age(std::int64_t seconds);
// Without control characters, so that text from outside cannot drive the terminal.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace rp
