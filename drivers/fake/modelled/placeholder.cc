#include "drivers/fake/modelled/placeholder.h"

#include <bit>

namespace rp {
namespace {

constexpr std::uint32_t kFrameNumBits = 4;

// NAL header bytes: nal_ref_idc and nal_unit_type (7.4.1).
constexpr std::uint8_t kSps = 0x67;
constexpr std::uint8_t kPps = 0x68;
constexpr std::uint8_t kIdrSlice = 0x65;
constexpr std::uint8_t kSlice = 0x41;

class BitWriter {
 public:
  void bits(std::uint32_t value, std::uint32_t count) {
    for (std::uint32_t i = count; i > 0; --i) {
      if (used_ == 0) bytes_.push_back(0);
      const auto bit = static_cast<std::uint8_t>(value >> (i - 1) & 1U);
      bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | bit << (7 - used_));
      used_ = (used_ + 1) % 8;
    }
  }
  void flag(bool value) { bits(value ? 1 : 0, 1); }
  // Exp-Golomb codes (9.1).
  void ue(std::uint32_t value) {
    const auto length = static_cast<std::uint32_t>(std::bit_width(value + 1));
    bits(0, length - 1);
    bits(value + 1, length);
  }
  void se_zero() { ue(0); }
  // rbsp_trailing_bits, then start code, header and emulation prevention (7.4.1, B.1).
  void append_nal(std::uint8_t header, std::vector<std::uint8_t>& out) {
    flag(true);
    out.insert(out.end(), {0, 0, 0, 1, header});
    int zeros = 0;
    for (const std::uint8_t byte : bytes_) {
      if (zeros == 2 && byte <= 3) {
        out.push_back(3);
        zeros = 0;
      }
      out.push_back(byte);
      zeros = byte == 0 ? zeros + 1 : 0;
    }
  }

 private:
  std::vector<std::uint8_t> bytes_;
  int used_ = 0;  // bits of the last byte, 0 when it is full
};

// The colour the composer makes (engine/frame/picture.h), and no picture held back.
void write_vui(BitWriter& w) {
  w.flag(false);  // aspect_ratio_info_present_flag
  w.flag(false);  // overscan_info_present_flag
  w.flag(true);   // video_signal_type_present_flag
  w.bits(5, 3);   // video_format: unspecified
  w.flag(false);  // video_full_range_flag
  w.flag(true);   // colour_description_present_flag
  w.bits(1, 8);   // colour_primaries
  w.bits(13, 8);  // transfer_characteristics
  w.bits(6, 8);   // matrix_coefficients
  w.flag(false);  // chroma_loc_info_present_flag
  w.flag(false);  // timing_info_present_flag
  w.flag(false);  // nal_hrd_parameters_present_flag
  w.flag(false);  // vcl_hrd_parameters_present_flag
  w.flag(false);  // pic_struct_present_flag
  w.flag(true);   // bitstream_restriction_flag
  w.flag(true);   // motion_vectors_over_pic_boundaries_flag
  w.ue(0);        // max_bytes_per_pic_denom
  w.ue(0);        // max_bits_per_mb_denom
  w.ue(10);       // log2_max_mv_length_horizontal
  w.ue(10);       // log2_max_mv_length_vertical
  w.ue(0);        // max_num_reorder_frames
  w.ue(1);        // max_dec_frame_buffering
}

void write_sps(Size size, std::uint32_t width_mbs, std::uint32_t height_mbs, int level_idc,
               std::vector<std::uint8_t>& out) {
  BitWriter w;
  w.bits(66, 8);    // profile_idc: baseline
  w.bits(0xC0, 8);  // constraint_set0 and 1: constrained baseline
  w.bits(static_cast<std::uint32_t>(level_idc), 8);
  w.ue(0);                  // seq_parameter_set_id
  w.ue(kFrameNumBits - 4);  // log2_max_frame_num_minus4
  w.ue(2);                  // pic_order_cnt_type: output in decoding order
  w.ue(1);                  // max_num_ref_frames
  w.flag(false);            // gaps_in_frame_num_value_allowed_flag
  w.ue(width_mbs - 1);
  w.ue(height_mbs - 1);
  w.flag(true);  // frame_mbs_only_flag
  w.flag(true);  // direct_8x8_inference_flag
  w.flag(true);  // frame_cropping_flag, in steps of two pixels
  w.ue(0);
  w.ue((width_mbs * 16 - static_cast<std::uint32_t>(size.width)) / 2);
  w.ue(0);
  w.ue((height_mbs * 16 - static_cast<std::uint32_t>(size.height)) / 2);
  w.flag(true);  // vui_parameters_present_flag
  write_vui(w);
  w.append_nal(kSps, out);
}

void write_pps(std::vector<std::uint8_t>& out) {
  BitWriter w;
  w.ue(0);        // pic_parameter_set_id
  w.ue(0);        // seq_parameter_set_id
  w.flag(false);  // entropy_coding_mode_flag: CAVLC
  w.flag(false);  // bottom_field_pic_order_in_frame_present_flag
  w.ue(0);        // num_slice_groups_minus1
  w.ue(0);        // num_ref_idx_l0_default_active_minus1
  w.ue(0);        // num_ref_idx_l1_default_active_minus1
  w.flag(false);  // weighted_pred_flag
  w.bits(0, 2);   // weighted_bipred_idc
  w.se_zero();    // pic_init_qp_minus26
  w.se_zero();    // pic_init_qs_minus26
  w.se_zero();    // chroma_qp_index_offset
  w.flag(true);   // deblocking_filter_control_present_flag
  w.flag(false);  // constrained_intra_pred_flag
  w.flag(false);  // redundant_pic_cnt_present_flag
  w.append_nal(kPps, out);
}

void write_idr(std::uint64_t macroblocks, std::uint32_t idr_pic_id,
               std::vector<std::uint8_t>& out) {
  BitWriter w;
  w.ue(0);                   // first_mb_in_slice
  w.ue(7);                   // slice_type: all I
  w.ue(0);                   // pic_parameter_set_id
  w.bits(0, kFrameNumBits);  // frame_num
  w.ue(idr_pic_id);
  w.flag(false);  // no_output_of_prior_pics_flag
  w.flag(false);  // long_term_reference_flag
  w.se_zero();    // slice_qp_delta
  w.ue(1);        // disable_deblocking_filter_idc
  for (std::uint64_t i = 0; i < macroblocks; ++i) {
    w.ue(3);       // mb_type: Intra 16×16, DC prediction, no residual
    w.ue(0);       // intra_chroma_pred_mode: DC
    w.se_zero();   // mb_qp_delta
    w.flag(true);  // coeff_token of the luma DC block: no coefficients
  }
  w.append_nal(kIdrSlice, out);
}

void write_repeat(std::uint64_t macroblocks, std::uint32_t frame_num,
                  std::vector<std::uint8_t>& out) {
  BitWriter w;
  w.ue(0);  // first_mb_in_slice
  w.ue(5);  // slice_type: all P
  w.ue(0);  // pic_parameter_set_id
  w.bits(frame_num, kFrameNumBits);
  w.flag(false);                                  // num_ref_idx_active_override_flag
  w.flag(false);                                  // ref_pic_list_modification_flag_l0
  w.flag(false);                                  // adaptive_ref_pic_marking_mode_flag
  w.se_zero();                                    // slice_qp_delta
  w.ue(1);                                        // disable_deblocking_filter_idc
  w.ue(static_cast<std::uint32_t>(macroblocks));  // mb_skip_run
  w.append_nal(kSlice, out);
}

std::uint32_t macroblocks_along(std::int32_t side_px) {
  return (static_cast<std::uint32_t>(side_px) + 15) / 16;
}

}  // namespace

PlaceholderStream::PlaceholderStream(Size size, int level_idc)
    : width_mbs_(macroblocks_along(size.width)), height_mbs_(macroblocks_along(size.height)) {
  write_sps(even(size), width_mbs_, height_mbs_, level_idc, parameter_sets_);
  write_pps(parameter_sets_);
}

void PlaceholderStream::append(bool key, std::vector<std::uint8_t>& out) {
  constexpr std::uint32_t kFrameNums = 1U << kFrameNumBits;
  if (!key) {
    frame_num_ = (frame_num_ + 1) % kFrameNums;
    write_repeat(macroblocks(), frame_num_, out);
    return;
  }
  frame_num_ = 0;
  idr_pic_id_ ^= 1;  // of two IDR pictures in a row it must differ (7.4.3)
  out.insert(out.end(), parameter_sets_.begin(), parameter_sets_.end());
  write_idr(macroblocks(), idr_pic_id_, out);
}

}  // namespace rp
