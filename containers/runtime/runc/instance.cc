#include "containers/runtime/runc/instance.h"

#include <fmt/format.h>

namespace rp {

Instance::Instance(std::string run_dir) : run_dir_(std::move(run_dir)) {
  // FNV-1a, 32 bits (draft-eastlake-fnv), folded to 24: not against an adversary, only against
  // chance.
  std::uint32_t hash = 2166136261U;
  for (const char c : run_dir_) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619U;
  hash = (hash >> 24) ^ (hash & 0xffffffU);
  for (std::size_t i = 0; i < hash_.size(); ++i)
    hash_[i] = static_cast<std::uint8_t>(hash >> (16 - 8 * i));
  tag_ = fmt::format("{:02x}{:02x}{:02x}", hash_[0], hash_[1], hash_[2]);
}

std::string Instance::mac(int slot) const {
  return fmt::format("02:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", hash_[0], hash_[1], hash_[2],
                     (slot >> 8) & 0xff, slot & 0xff);
}

std::string Instance::container(std::string_view id) const {
  return fmt::format("rp-{}-{}", tag_, id);
}

std::string Instance::cgroup(std::string_view id) const {
  return fmt::format("rackphone-{}/{}", tag_, id);
}

std::string Instance::phone_dir(std::string_view id) const {
  return fmt::format("{}/phones/{}", run_dir_, id);
}

}  // namespace rp
