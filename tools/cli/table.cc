#include "tools/cli/table.h"

#include <algorithm>
#include <array>
#include <ostream>

#include <fmt/format.h>

namespace rp {

namespace {

constexpr int kGap = 2;

bool starts_letter(char c) { return (c & 0xC0) != 0x80; }

// Letters of UTF-8 text; wide ones count as one, which is right for all but CJK.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_letter));
}

std::string cut(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) return std::string(text);
  std::string out;
  std::size_t letters = 0;
  for (const char c : text) {
    if (starts_letter(c) && ++letters >= width) break;
    out += c;
  }
  return out + "…";
}

void print_row(std::ostream& out, int columns, const TableRow& row,
               const std::vector<std::size_t>& widths) {
  std::string line;
  std::size_t used = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    std::string cell = printable(row[i]);
    if (i + 1 == row.size()) {
      const auto room = static_cast<std::size_t>(columns);
      if (columns > 0 && room > used + 1) cell = cut(cell, room - used);
      line += cell;
    } else {
      line += cell + std::string(widths[i] + kGap - width_of(cell), ' ');
      used += widths[i] + kGap;
    }
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  out << line << "\n";
}

}  // namespace

void print_table(std::ostream& out, int columns, const TableRow& head,
                 const std::vector<TableRow>& rows) {
  std::vector<std::size_t> widths;
  for (const std::string& title : head) widths.push_back(width_of(title));
  for (const TableRow& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width_of(printable(row[i])));
  print_row(out, columns, head, widths);
  for (const TableRow& row : rows) print_row(out, columns, row, widths);
}

std::string human_bytes(std::int64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits.at(unit));
}

std::string human_age(std::int64_t seconds) {
  if (seconds < 120) return fmt::format("{} s", std::max<std::int64_t>(seconds, 0));
  if (seconds < 120 * 60) return fmt::format("{} min", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} d", seconds / 86400);
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return out;
}

}  // namespace rp
