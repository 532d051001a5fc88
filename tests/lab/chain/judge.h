// Judge: decodes the access units of a phone that shows numbered pictures and compares each with
// what was drawn. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/frame/picture.h"
#include "engine/wire/video.h"
#include "tests/contract/encoder/decoder.h"
#include "tests/lab/v4l2/fwht_decoder.h"

namespace rp {

class Judge {
 public:
  // What was seen of one codec's pictures.
  struct Verdict {
    int pictures = 0;
    double worst_psnr_db = 100;          // luma
    double worst_chroma_error = 0;       // mean, in levels; FWHT only
    std::vector<std::uint16_t> numbers;  // as read from them
  };

  Judge(Size size, bool multiplanar);
  ~Judge();
  void look(const wire::Video& video, std::span<const std::uint8_t> unit);
  [[nodiscard]] const std::map<int, Verdict>& verdicts() const { return verdicts_; }
  // Why pictures could not be judged.
  [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  struct Planes {
    const std::uint8_t* y = nullptr;
    int stride_y = 0;
    const std::uint8_t* uv = nullptr;  // null: not to be compared
    int stride_uv = 0;
  };
  [[nodiscard]] Status look_at_fwht(std::span<const std::uint8_t> unit);
  [[nodiscard]] Status look_at_h264(std::span<const std::uint8_t> unit);
  [[nodiscard]] Status compare(const Planes& seen, Verdict& verdict);
  void draw_original(std::uint16_t number);

  Size size_;
  bool multiplanar_;
  std::shared_ptr<PicturePool> pool_;
  PictureRef original_;
  std::vector<std::uint32_t> pixels_;
  std::unique_ptr<FwhtDecoder> fwht_;
  TestDecoder h264_;
  std::map<int, Verdict> verdicts_;  // by VIDEO's codec
  std::vector<std::string> complaints_;
};

}  // namespace rp
