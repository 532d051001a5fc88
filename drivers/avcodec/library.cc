#include "drivers/avcodec/library.h"

#include <dlfcn.h>

#include <array>
#include <string>

extern "C" {
#include <libavutil/error.h>
#include <libavutil/macros.h>
}

namespace rp::avcodec {
namespace {

constexpr const char* kAvutil = "libavutil.so." AV_STRINGIFY(LIBAVUTIL_VERSION_MAJOR);
constexpr const char* kAvcodec = "libavcodec.so." AV_STRINGIFY(LIBAVCODEC_VERSION_MAJOR);
constexpr const char* kPackage = "libavcodec" AV_STRINGIFY(LIBAVCODEC_VERSION_MAJOR);

Result<Library> open_library() {
  // Never closed: drivers below leave threads and exit handlers behind.
  void* codec = ::dlopen(kAvcodec, RTLD_NOW | RTLD_LOCAL);
  void* util = ::dlopen(kAvutil, RTLD_NOW | RTLD_LOCAL);
  if (codec == nullptr || util == nullptr) {
    return fail(ErrorCode::kUnsupported,
                std::string("there is no ") + kAvcodec + " (apt-get install " + kPackage + ")");
  }
  Library lib;
  const char* missing = nullptr;
#define RP_AV_LOAD(library, name)                                           \
  lib.name = reinterpret_cast<decltype(lib.name)>(::dlsym(library, #name)); \
  if (lib.name == nullptr) missing = #name;
#define RP_AV_UTIL(name) RP_AV_LOAD(util, name)
#define RP_AV_CODEC(name) RP_AV_LOAD(codec, name)
  RP_AVUTIL_FUNCTIONS(RP_AV_UTIL)
  RP_AVCODEC_FUNCTIONS(RP_AV_CODEC)
#undef RP_AV_CODEC
#undef RP_AV_UTIL
#undef RP_AV_LOAD
  if (missing != nullptr) {
    return fail(ErrorCode::kUnsupported, std::string(kAvcodec) + " has no " + missing);
  }
  lib.av_log_set_level(AV_LOG_QUIET);  // its words would go to standard error, for every try
  return lib;
}

}  // namespace

Result<const Library*> library() {
  static const Result<Library> opened = open_library();
  if (!opened) return forward(opened.error());
  return &*opened;
}

std::unexpected<Error> fail_av(const Library& lib, int code, std::string_view operation) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  lib.av_strerror(code, text.data(), text.size());
  const ErrorCode kind = code == AVERROR(ENOMEM) ? ErrorCode::kExhausted : ErrorCode::kUnavailable;
  return fail(kind, std::string(operation) + ": " + text.data());
}

}  // namespace rp::avcodec
