// Turns one box of the scratch into YUV 4:2:0, a block of 2×2 pixels each, with libyuv's arithmetic: chroma is of
// the mean of the rows, then of the columns, each rounded up. Pixels beyond an odd size repeat the last.
// ConvertConstants in drivers/vulkan/kernels.h is the other side of the push constants.
#version 450
#extension GL_EXT_shader_8bit_storage : require

layout(local_size_x = 8, local_size_y = 8) in;

layout(push_constant) uniform Convert {
  ivec4 box;  // x, y, width, height, output pixels: all even
  ivec2 size;
  int scratch_stride;  // pixels
  uint chroma_step;    // bytes from one u to the next
  uvec4 place;         // bytes to y, u and v from the buffer's start, bytes a row of luma
  ivec4 luma;          // of r, g, b, and 1 times 256
  ivec4 blue;
  ivec4 red;
  uint chroma_stride;  // bytes
} convert;

layout(set = 0, binding = 0, std430) readonly buffer Scratch { uint scratch[]; };  // 0xFFRRGGBB
layout(set = 0, binding = 1, std430) writeonly buffer Picture { uint8_t picture[]; };

ivec3 pixel(ivec2 at) {
  const ivec2 inside = min(at, convert.size - 1);
  const uint word = scratch[inside.y * convert.scratch_stride + inside.x];
  return ivec3(word >> 16 & 255, word >> 8 & 255, word & 255);
}

uint component(ivec4 factors, ivec3 c) {
  return uint(factors.x * c.r + factors.y * c.g + factors.z * c.b + factors.w) >> 8;
}

ivec3 mean(ivec3 a, ivec3 b) { return (a + b + 1) >> 1; }

void main() {
  const ivec2 offset = ivec2(gl_GlobalInvocationID.xy) * 2;
  if (any(greaterThanEqual(offset, convert.box.zw))) return;
  const ivec2 at = convert.box.xy + offset;
  const ivec3 a = pixel(at), b = pixel(at + ivec2(1, 0));
  const ivec3 c = pixel(at + ivec2(0, 1)), d = pixel(at + ivec2(1, 1));
  const uint stride = convert.place.w;
  const uint y = convert.place.x + uint(at.y) * stride + uint(at.x);
  picture[y] = uint8_t(component(convert.luma, a));
  picture[y + 1] = uint8_t(component(convert.luma, b));
  picture[y + stride] = uint8_t(component(convert.luma, c));
  picture[y + stride + 1] = uint8_t(component(convert.luma, d));
  const ivec3 middle = mean(mean(a, c), mean(b, d));
  const uint pair = uint(at.y / 2) * convert.chroma_stride + uint(at.x / 2) * convert.chroma_step;
  picture[convert.place.y + pair] = uint8_t(component(convert.blue, middle));
  picture[convert.place.z + pair] = uint8_t(component(convert.red, middle));
}
