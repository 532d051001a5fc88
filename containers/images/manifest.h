// A manifest: one line for each file of a tree, by path: kind, mode, owner, and size, link target
// or SHA-256 of the content. Two trees with the same manifest hold the same. Thread rule: pure
// functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace rp {

struct Manifest {
  std::string text;
  std::int64_t size_bytes = 0;  // of all files, each link counted once
};
[[nodiscard]] Result<Manifest> make_manifest(const std::string& root);
// The path of the first line that differs, empty when there is none.
[[nodiscard]] std::string first_difference(std::string_view expected, std::string_view found);
// 64 hex digits.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace rp
