// Shell completion, made from the command-line model itself, so that it cannot lag behind.
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tools/cli/commands.h"

namespace rp {

namespace {

struct Node {
  std::string path;  // "phone create"; empty at the root
  std::vector<std::string> words;
  std::vector<std::pair<std::string, std::string>> described;  // word, help
};

std::string one_line(std::string text) {
  for (char& c : text)
    if (c == '\n' || c == '\'' || c == '`' || c == ':') c = ' ';
  return text;
}

void collect(const CLI::App& app, const std::string& path, std::vector<Node>& nodes) {
  Node node;
  node.path = path;
  const auto add = [&node](const std::string& word, const std::string& help) {
    node.words.push_back(word);
    node.described.emplace_back(word, one_line(help));
  };
  for (const CLI::App* sub : app.get_subcommands(nullptr))
    add(sub->get_name(), sub->get_description());
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames())
      add("--" + name, option->get_description());
    for (const std::string& name : option->get_snames()) add("-" + name, option->get_description());
  }
  nodes.push_back(node);
  for (const CLI::App* sub : app.get_subcommands(nullptr))
    collect(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), nodes);
}

// Finds the longest known path in the words before the cursor; both shells share it.
constexpr const char* kBash =
    R"(# rackphone completion for bash: source <(rackphone completion bash)
_rackphone() {{
  local path="" word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${{COMP_WORDS[i]}}"
    case " $_rackphone_paths " in *" ${{path:+$path/}}$word "*) path="${{path:+$path/}}$word" ;; esac
  done
  case "$path" in
{cases}  esac
}}
_rackphone_paths="{paths}"
complete -F _rackphone rackphone
)";

std::string joined(std::string path) {
  for (char& c : path)
    if (c == ' ') c = '/';
  return path;
}

std::string bash(const std::vector<Node>& nodes) {
  std::string cases;
  std::string paths;
  for (const Node& node : nodes) {
    paths += joined(node.path) + " ";
    cases += fmt::format(
        "    '{}') COMPREPLY=($(compgen -W '{}' -- \"${{COMP_WORDS[COMP_CWORD]}}\")) ;;\n",
        joined(node.path), fmt::join(node.words, " "));
  }
  return fmt::format(kBash, fmt::arg("cases", cases), fmt::arg("paths", paths));
}

constexpr const char* kZsh = R"(#compdef rackphone
# rackphone completion for zsh: rackphone completion zsh > "${{fpath[1]}}/_rackphone"
_rackphone() {{
  local path="" word
  local -a known=({paths})
  for word in "${{(@)words[2,CURRENT-1]}}"; do
    if (( ${{known[(Ie)${{path:+$path/}}$word]}} )); then path="${{path:+$path/}}$word"; fi
  done
  local -a choices
  case "$path" in
{cases}  esac
  _describe rackphone choices
}}
compdef _rackphone rackphone
)";

std::string zsh(const std::vector<Node>& nodes) {
  std::string cases;
  std::string paths;
  for (const Node& node : nodes) {
    if (!node.path.empty()) paths += joined(node.path) + " ";
    std::string choices;
    for (const auto& [word, help] : node.described) choices += fmt::format(" '{}:{}'", word, help);
    cases += fmt::format("    '{}') choices=({}) ;;\n", joined(node.path), choices);
  }
  return fmt::format(kZsh, fmt::arg("cases", cases), fmt::arg("paths", paths));
}

std::string fish(const std::vector<Node>& nodes) {
  std::string text =
      "# rackphone completion for fish: rackphone completion fish | source\n"
      "complete -c rackphone -f\n";
  for (const Node& node : nodes) {
    const std::string first = node.path.substr(0, node.path.find(' '));
    const std::string last = node.path.substr(node.path.rfind(' ') + 1);
    std::string when = "__fish_use_subcommand";
    if (!node.path.empty()) when = "__fish_seen_subcommand_from " + first;
    if (first != last) when += "; and __fish_seen_subcommand_from " + last;
    for (const auto& [word, help] : node.described) {
      std::string what = "-a " + word;
      if (word.rfind("--", 0) == 0)
        what = "-l " + word.substr(2);
      else if (word.front() == '-')
        what = "-s " + word.substr(1);
      text += fmt::format("complete -c rackphone -n '{}' {} -d '{}'\n", when, what, help);
    }
  }
  return text;
}

}  // namespace

void add_completion_command(CLI::App& app, CliRun& run) {
  // Shared with the callback, which outlives this function.
  auto shell = std::make_shared<std::string>();
  CLI::App* completion = app.add_subcommand("completion", "Print completion for a shell");
  completion->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->footer("Example:\n  source <(rackphone completion bash)");
  completion->callback([&app, &run, shell] {
    std::vector<Node> nodes;
    collect(app, "", nodes);
    run.context.out << (*shell == "bash"  ? bash(nodes)
                        : *shell == "zsh" ? zsh(nodes)
                                          : fish(nodes));
  });
}

}  // namespace rp
