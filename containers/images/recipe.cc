#include "containers/images/recipe.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include <toml++/toml.h>

namespace rp {
namespace {

constexpr std::size_t kMaxRecipeBytes = 256 * 1024;
constexpr std::size_t kMaxItems = 500;

// Collects the first error; later reads then do nothing, so that parsing reads as a list of fields.
class Reader {
 public:
  Reader(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}

  void text(const char* key, std::string& out, bool required) {
    const toml::node* node = take(key, required);
    if (node == nullptr) return;
    if (const auto value = node->value_exact<std::string>())
      out = *value;
    else
      wrong(key, "must be a string");
  }
  void number(const char* key, std::int64_t low, std::int64_t high, std::int64_t& out) {
    const toml::node* node = take(key, false);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::int64_t>();
    if (value && *value >= low && *value <= high)
      out = *value;
    else
      wrong(key, "must be a number from " + std::to_string(low) + " to " + std::to_string(high));
  }
  void texts(const char* key, std::vector<std::string>& out, bool required) {
    const toml::node* node = take(key, required);
    if (node == nullptr) return;
    const toml::array* list = node->as_array();
    if (list == nullptr || list->size() > kMaxItems) return wrong(key, "must be a list of strings");
    for (const auto& item : *list) {
      const auto value = item.value_exact<std::string>();
      if (!value || value->empty()) return wrong(key, "must be a list of strings");
      out.push_back(*value);
    }
  }
  void variables(const char* key, std::vector<std::pair<std::string, std::string>>& out) {
    const toml::node* node = take(key, false);
    if (node == nullptr) return;
    const toml::table* table = node->as_table();
    if (table == nullptr) return wrong(key, "must be a table of strings");
    for (const auto& [name, value] : *table) {
      const auto string = value.value_exact<std::string>();
      if (!string) return wrong(key, "must be a table of strings");
      out.emplace_back(name.str(), *string);
    }
  }
  const toml::array* tables(const char* key) {
    const toml::node* node = take(key, false);
    if (node == nullptr) return nullptr;
    const toml::array* list = node->as_array();
    if (list == nullptr || list->size() > kMaxItems ||
        !list->is_homogeneous(toml::node_type::table)) {
      wrong(key, "must be a list of tables ([[file]])");
      return nullptr;
    }
    return list;
  }
  void wrong(const std::string& key, const std::string& what) {
    if (error_.empty()) error_ = where_ + ": " + key + " " + what;
  }
  [[nodiscard]] Status done() {
    for (const auto& [key, value] : table_)
      if (!known_.contains(std::string(key.str()))) wrong(std::string(key.str()), "is not a field");
    return error_.empty() ? Status() : fail(ErrorCode::kInvalid, error_);
  }

 private:
  const toml::node* take(const char* key, bool required) {
    known_.insert(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr && required) wrong(key, "is missing");
    return error_.empty() ? node : nullptr;
  }

  const toml::table& table_;
  std::string where_;
  std::string error_;
  std::set<std::string> known_;
};

bool is_name(std::string_view text, std::string_view extra) {
  return !text.empty() && text.size() <= 100 && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || extra.find(c) != extra.npos;
  });
}

bool is_clean_path(const std::string& path) {
  return path.starts_with("/") && path.size() > 1 && path.back() != '/' &&
         (path + "/").find("/../") == std::string::npos && path.find("//") == std::string::npos;
}

Result<RecipeFile> parse_file(const toml::table& table, const std::string& where) {
  RecipeFile file;
  Reader reader(table, where);
  std::string mode = "0644";
  std::int64_t owner = 0;
  reader.text("path", file.path, true);
  reader.text("content", file.content, true);
  reader.text("mode", mode, false);
  reader.number("owner", 0, 60'000, owner);
  if (!is_clean_path(file.path)) reader.wrong("path", "must be an absolute path without '..'");
  if (mode.size() != 4 || mode[0] != '0' || mode.find_first_not_of("01234567") != mode.npos)
    reader.wrong("mode", "must be four octal digits like \"0755\"");
  RP_TRY(reader.done());
  file.mode = static_cast<mode_t>(std::stoul(mode, nullptr, 8));
  file.owner = static_cast<std::uint32_t>(owner);
  return file;
}

Result<Recipe> from_table(const toml::table& table, const std::string& source) {
  Recipe recipe;
  Reader reader(table, source);
  std::int64_t user = recipe.user;
  reader.text("name", recipe.name, true);
  reader.text("title", recipe.title, true);
  reader.texts("packages", recipe.packages, true);
  reader.texts("command", recipe.command, true);
  reader.variables("environment", recipe.environment);
  reader.number("user", 1, 60'000, user);
  std::int64_t own_scale_120 = 0;
  reader.number("own_scale_120", 60, 960, own_scale_120);
  recipe.own_scale_120 = static_cast<std::int32_t>(own_scale_120);
  reader.number("size_mib", 1, 1'000'000, recipe.size_mib);
  const toml::array* files = reader.tables("file");
  if (recipe.name.size() > 40 || !is_name(recipe.name, "-"))
    reader.wrong("name", "must be 1 to 40 of a-z, 0-9 and '-'");
  if (recipe.command.empty()) reader.wrong("command", "must name a program");
  for (const auto& package : recipe.packages)
    if (!is_name(package, "+-.:")) reader.wrong("packages", "has a bad name: " + package);
  RP_TRY(reader.done());
  recipe.user = static_cast<std::uint32_t>(user);
  for (std::size_t i = 0; files != nullptr && i < files->size(); ++i) {
    RP_ASSIGN(auto file,
              parse_file(*files->get(i)->as_table(), source + ": file " + std::to_string(i + 1)));
    recipe.files.push_back(std::move(file));
  }
  return recipe;
}

}  // namespace

Result<Recipe> parse_recipe(std::string_view text, const std::string& source) {
  if (text.size() > kMaxRecipeBytes)
    return fail(ErrorCode::kInvalid, source + ": a recipe is at most 256 KiB");
  try {
    const toml::table table = toml::parse(text, source);
    RP_ASSIGN(auto recipe, from_table(table, source));
    recipe.text = text;
    return recipe;
  } catch (const toml::parse_error& error) {
    std::ostringstream out;
    out << source << ": line " << error.source().begin.line << ": " << error.description();
    return fail(ErrorCode::kInvalid, out.str());
  }
}

Result<Recipe> read_recipe(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail_errno(ENOENT, "read recipe " + path);
  std::string text;
  text.resize(kMaxRecipeBytes + 1);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return parse_recipe(text, path);
}

}  // namespace rp
