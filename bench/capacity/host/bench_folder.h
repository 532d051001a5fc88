// BenchFolder: everything a run of `rackphone bench` leaves on the host while it goes on lies in
// one temporary folder or is named in it, so that what a killed run left can be found and cleared.
// A run holds its folder's lock for as long as it lives; a folder whose lock is free is a leftover.
//
//   TMPDIR/rackphone-bench-XXXXXX/
//     lock         flock(2)
//     netns        name of the network namespace, if there is one
//     image/       root file system of phones in containers, run/ their runtime's, data/ their
//     files step/        the engine's keys, sockets and logs; phones/ the phones' displays
//
// Thread rule: one thread.
#pragma once

#include <memory>
#include <string>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace rp {

class BenchFolder {
 public:
  [[nodiscard]] static Result<std::unique_ptr<BenchFolder>> create();
  BenchFolder(const BenchFolder&) = delete;
  BenchFolder& operator=(const BenchFolder&) = delete;
  ~BenchFolder();  // removes it, with all that lies in it

  [[nodiscard]] const std::string& path() const { return path_; }
  // Written down before the namespace is made.
  [[nodiscard]] Status note_namespace(const std::string& name) const;

 private:
  BenchFolder(std::string path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_;
  UniqueFd lock_;
};

// Clears what killed runs of this user left in TMPDIR: containers, namespaces, folders. How many
// runs that were. Other users' folders and those of runs that still go on are left alone.
[[nodiscard]] Result<int> clear_bench_leftovers();

}  // namespace rp
