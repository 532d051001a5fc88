// Draws one layer into one box of the scratch: placement, crop, turn, scale, blend. The arithmetic is the
// CPU composer's (engine/compose/sampler.cc), bit for bit, with libyuv's rounding in the filter and the blend.
//
// Compiled twice: reading words of a buffer, and (FROM_IMAGE) texels of an image.
// DrawConstants in drivers/vulkan/kernels.h is the other side of the push constants.
#version 450
#ifdef FROM_IMAGE
#extension GL_EXT_samplerless_texture_functions : require
#endif

layout(local_size_x = 8, local_size_y = 8) in;

layout(push_constant) uniform Draw {
  ivec4 box;      // x, y, width, height, output pixels
  uvec4 columns;  // 32.32: low and high word of the start, then of the step
  uvec4 rows;
  ivec4 bounds;  // lowest and highest source column, lowest and highest source row
  ivec4 turn;    // buffer (x, y) of upright (1, 0), then of upright (0, 1), from that of (0, 0)
  ivec2 origin;  // buffer (x, y) of upright (0, 0)
  ivec2 first;   // the output pixel the starts are of
  uint base_bytes;
  uint stride_bytes;
  uint format;
  int scratch_stride;  // pixels
  uint u_bytes;
  uint v_bytes;
  uint chroma_stride;
  uint chroma_step;
} draw;

const uint kBgra = 0, kRgba = 1, kRgb565 = 2, kBgr30 = 3, kRgb30 = 4, kBlack = 5, kYuv = 6;
const uint kFormat = 0xff, kBlend = 0x100;

#ifdef FROM_IMAGE
layout(set = 0, binding = 0) uniform texture2D source;
#else
layout(set = 0, binding = 0, std430) readonly buffer Source { uint source[]; };
#endif
layout(set = 0, binding = 1, std430) buffer Scratch { uint scratch[]; };  // 0xFFRRGGBB

#ifndef FROM_IMAGE
int byte_at(uint place) { return int(source[place >> 2] >> (place & 3) * 8 & 255); }

// BT.709, limited range, in 256ths: engine/compose/planar_rows.cc.
uvec4 yuv_pixel(ivec2 at) {
  const uint chroma = uint(at.y / 2) * draw.chroma_stride + uint(at.x / 2) * draw.chroma_step;
  const int luma = 298 * (byte_at(draw.base_bytes + uint(at.y) * draw.stride_bytes + uint(at.x)) - 16);
  const int u = byte_at(draw.u_bytes + chroma) - 128;
  const int v = byte_at(draw.v_bytes + chroma) - 128;
  const ivec3 rgb = ivec3(luma + 459 * v, luma - 55 * u - 136 * v, luma + 541 * u);
  return uvec4(clamp((rgb + 128) >> 8, ivec3(0), ivec3(255)), 255);
}
#endif

// As r, g, b, a of 0 to 255.
uvec4 source_pixel(int x, int y) {
  const ivec2 at = draw.origin + draw.turn.xy * x + draw.turn.zw * y;
  const uint format = draw.format & kFormat;
#ifdef FROM_IMAGE
  const vec4 texel = texelFetch(source, at, 0);
  if (format == kRgb565) {
    const uvec3 c = uvec3(texel.rgb * vec3(31, 63, 31) + 0.5);
    return uvec4(c.r << 3 | c.r >> 2, c.g << 2 | c.g >> 4, c.b << 3 | c.b >> 2, 255);
  }
  if (format == kBgr30 || format == kRgb30) return uvec4(uvec3(texel.rgb * 1023.0 + 0.5) >> 2, 255);
  return uvec4(texel * 255.0 + 0.5);
#else
  if (format == kYuv) return yuv_pixel(at);
  const uint pixel_bytes = format == kRgb565 ? 2 : 4;
  const uint place = draw.base_bytes + uint(at.y) * draw.stride_bytes + uint(at.x) * pixel_bytes;
  uint word = source[place >> 2];
  if (format == kRgb565) {
    word >>= (place & 2) * 8;
    const uvec3 c = uvec3(word >> 11 & 31, word >> 5 & 63, word & 31);
    return uvec4(c.r << 3 | c.r >> 2, c.g << 2 | c.g >> 4, c.b << 3 | c.b >> 2, 255);
  }
  if (format == kBgr30) return uvec4(word >> 22 & 255, word >> 12 & 255, word >> 2 & 255, 255);
  if (format == kRgb30) return uvec4(word >> 2 & 255, word >> 12 & 255, word >> 22 & 255, 255);
  const uvec4 low_first = uvec4(word, word >> 8, word >> 16, word >> 24) & 255;
  return format == kRgba ? low_first : low_first.bgra;
#endif
}

// start + i × step: x is the whole part, y the fraction in 256ths.
ivec2 position(uvec4 axis, uint i) {
  uint high, low, carry;
  umulExtended(i, axis.z, high, low);
  low = uaddCarry(low, axis.x, carry);
  return ivec2(int(high + i * axis.w + axis.y + carry), int(low >> 24));
}

uvec4 mix256(uvec4 a, uvec4 b, uint part) { return (a * (256 - part) + b * part + 128) >> 8; }

uvec4 sampled(ivec2 at) {
  const ivec2 column = position(draw.columns, uint(at.x - draw.first.x));
  const ivec2 row = position(draw.rows, uint(at.y - draw.first.y));
  const int left = clamp(column.x, draw.bounds.x, draw.bounds.y);
  const int right = clamp(column.x + 1, draw.bounds.x, draw.bounds.y);
  const int above = clamp(row.x, draw.bounds.z, draw.bounds.w);
  const int below = clamp(row.x + 1, draw.bounds.z, draw.bounds.w);
  const uint across = left == right ? 0 : uint(column.y);
  const uint down = above == below ? 0 : uint(row.y);
  uvec4 pixel = source_pixel(left, above);
  if (down != 0) pixel = mix256(pixel, source_pixel(left, below), down);
  if (across != 0) {
    uvec4 next = source_pixel(right, above);
    if (down != 0) next = mix256(next, source_pixel(right, below), down);
    pixel = mix256(pixel, next, across);
  }
  return pixel;
}

void main() {
  if (any(greaterThanEqual(gl_GlobalInvocationID.xy, uvec2(draw.box.zw)))) return;
  const ivec2 at = draw.box.xy + ivec2(gl_GlobalInvocationID.xy);
  const int place = at.y * draw.scratch_stride + at.x;
  if ((draw.format & kFormat) == kBlack) {
    scratch[place] = 0xff000000;
    return;
  }
  const uvec4 pixel = sampled(at);
  uvec3 colour = pixel.rgb;
  if ((draw.format & kBlend) != 0) {
    const uint beneath = scratch[place];
    const uvec3 old = uvec3(beneath >> 16, beneath >> 8, beneath) & 255;
    colour = min((old * (256 - pixel.a) >> 8) + colour, uvec3(255));
  }
  scratch[place] = 0xff000000 | colour.r << 16 | colour.g << 8 | colour.b;
}
