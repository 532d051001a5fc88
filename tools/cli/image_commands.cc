#include <ctime>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "containers/images/image_json.h"
#include "engine/base/http/json.h"
#include "tools/cli/commands.h"
#include "tools/cli/rest_client.h"
#include "tools/cli/table.h"
#include "tools/cli/up/progress.h"

namespace rp {

namespace {

using nlohmann::json;

constexpr int kOk = static_cast<int>(Exit::kOk);

int list(CliContext& context, ImageStore& images) {
  const auto all = images.list();
  if (!all) return report(context, cli_error(all.error()));
  json found = json::array();
  std::vector<TableRow> rows;
  for (const Image& image : *all) {
    found.push_back(image_json(image));
    const bool ready = image.state == ImageState::kReady;
    rows.push_back({image.name, std::string(to_string(image.state)),
                    ready ? human_bytes(image.size_bytes) : "",
                    ready ? human_age(std::time(nullptr) - image.built_unix_s) : "", image.title});
  }
  if (context.json)
    context.out << found.dump(2) << "\n";
  else
    print_table(context.out, context.columns, {"NAME", "STATE", "SIZE", "AGE", "WHAT"}, rows);
  return kOk;
}

int build(CliContext& context, ImageStore& images, const std::string& name) {
  const auto built = images.ensure(name, show_progress(context), -1);
  end_progress(context);
  if (!built) return report(context, cli_error(built.error()));
  if (context.json)
    context.out << image_json(*built).dump(2) << "\n";
  else
    context.out << fmt::format("Image {} is ready ({}).\n", name, human_bytes(built->size_bytes));
  return kOk;
}

// A phone may start from the image at any moment while the controller runs, so it is asked first.
int remove(CliContext& context, ImageStore& images, const std::string& name) {
  const auto answer = call_controller(context, "GET", "/phones");
  if (!answer && answer.error().exit != Exit::kUnreachable) return report(context, answer.error());
  const auto phones = answer ? parse_json(*answer) : nlohmann::json::object();
  if (phones && phones->is_object())
    for (const json& phone : phones->value("phones", json::array()))
      if (phone.value("image", "") == name)
        return report(context,
                      {Exit::kFailed, fmt::format("phone {} uses image {}; delete the phone first",
                                                  phone.value("id", ""), name)});
  if (auto removed = images.remove(name); !removed)
    return report(context, cli_error(removed.error()));
  if (!context.json) context.out << fmt::format("Image {} is removed.\n", name);
  return kOk;
}

}  // namespace

void add_image_commands(CLI::App& app, CliRun& run) {
  CLI::App* image = app.add_subcommand("image", "Images that phones are made of");
  image->require_subcommand(1);
  image->footer("Examples:\n  rackphone image list\n  sudo rackphone image build demo");
  // Shared with the callbacks, which outlive this function.
  auto name = std::make_shared<std::string>();
  const auto with_images = [&run](const auto& action) {
    return [&run, action] {
      auto images = run.context.parts.make_images(run.context.layout());
      run.exit =
          images ? action(run.context, **images) : report(run.context, cli_error(images.error()));
    };
  };
  image->add_subcommand("list", "All images there are recipes for")->callback(with_images(list));
  CLI::App* make = image->add_subcommand("build", "Build an image now");
  make->add_option("name", *name, "The image's name")->required();
  make->callback(with_images(
      [name](CliContext& context, ImageStore& images) { return build(context, images, *name); }));
  CLI::App* gone = image->add_subcommand("remove", "Delete a built image; it can be built again");
  gone->add_option("name", *name, "The image's name")->required();
  gone->callback(with_images(
      [name](CliContext& context, ImageStore& images) { return remove(context, images, *name); }));
}

}  // namespace rp
