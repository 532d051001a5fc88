// The image of phones in containers: a root file system of the workload app, the libraries it needs
// and the pixels its phones show, copied from this machine, so that no package has to be fetched
// and the app is the one that was built. Phones share it, and with it the page cache. Thread rule:
// a plain function; blocks for about a second.
#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/frame/geometry.h"

namespace rp {

// Paths inside the image.
inline constexpr const char* kBenchAppInImage = "/usr/bin/rackphone-workload-app";
inline constexpr const char* kBenchAssetsInImage = "/usr/share/rackphone/load-assets";

// Makes `root`, which must not exist.
[[nodiscard]] Status make_bench_image(const std::string& root, const std::string& app_program,
                                      Size display);

}  // namespace rp
