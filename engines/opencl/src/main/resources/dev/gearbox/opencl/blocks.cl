// How 32 neighbouring weights of a row are read, for the type that -D TYPE_… names.
// Layouts are ggml's; dev.gearbox.format.gguf.BlockDecoder is what this is tested against, to the bit: nothing is contracted.
#pragma OPENCL FP_CONTRACT OFF

#define BLOCK 32
#define ROW_BYTES(columns) ((ulong) ((columns) / BLOCK_ELEMENTS) * BLOCK_BYTES)
// Blocks of 32 in one block of the type; 0 where a block of the type is a single element.
#define SUBS (BLOCK_ELEMENTS / BLOCK)

typedef global const uchar *bytes;

float half_at(bytes at) { return vload_half(0, (global const half *) at); }

float16 nibbles(uchar16 packed, int shift) { return convert_float16((packed >> (uchar) shift) & (uchar) 15); }

#if defined(TYPE_Q5_0) || defined(TYPE_Q5_1)
constant uint16 PLACES = (uint16) (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

// Bits 0 to 15 from `first` on, as the fifth bits of 16 weights.
float16 fifths(bytes at, int first) {
  uint bits = (uint) at[0] | (uint) at[1] << 8 | (uint) at[2] << 16 | (uint) at[3] << 24;
  return convert_float16(((uint16) (bits >> first) >> PLACES & 1u) << 4);
}
#endif

#if defined(TYPE_Q4_K) || defined(TYPE_Q5_K)
int scale_of(bytes at, int sub) {
  return sub < 4 ? at[sub] & 63 : (at[sub + 4] & 15) | at[sub - 4] >> 6 << 4;
}

int minimum_of(bytes at, int sub) {
  return sub < 4 ? at[sub + 4] & 63 : at[sub + 4] >> 4 | at[sub] >> 6 << 4;
}
#endif

#if defined(TYPE_Q3_K)
int scale_of(bytes at, int sub) {
  return (at[sub % 8] >> (sub / 8 * 4) & 15) | (at[8 + sub % 4] >> (2 * (sub / 4)) & 3) << 4;
}
#endif

void decode(bytes row, int block, float16 *low, float16 *high) {
#if defined(TYPE_F32)
  global const float *at = (global const float *) row + block * BLOCK;
  *low = vload16(0, at);
  *high = vload16(1, at);
#elif defined(TYPE_F16)
  global const half *at = (global const half *) row + block * BLOCK;
  *low = vload_half16(0, at);
  *high = vload_half16(1, at);
#elif defined(TYPE_BF16)
  global const ushort *at = (global const ushort *) row + block * BLOCK;
  *low = as_float16(convert_uint16(vload16(0, at)) << 16);
  *high = as_float16(convert_uint16(vload16(1, at)) << 16);
#else
  bytes at = row + (ulong) (block / SUBS) * BLOCK_BYTES;
#if SUBS > 1
  int sub = block % SUBS;
#endif
#if defined(TYPE_Q4_0)
  float d = half_at(at);
  uchar16 packed = vload16(0, at + 2);
  *low = d * (nibbles(packed, 0) - 8.0f);
  *high = d * (nibbles(packed, 4) - 8.0f);
#elif defined(TYPE_Q4_1)
  float d = half_at(at), m = half_at(at + 2);
  uchar16 packed = vload16(0, at + 4);
  *low = d * nibbles(packed, 0) + m;
  *high = d * nibbles(packed, 4) + m;
#elif defined(TYPE_Q5_0)
  float d = half_at(at);
  uchar16 packed = vload16(0, at + 6);
  *low = d * (nibbles(packed, 0) + fifths(at + 2, 0) - 16.0f);
  *high = d * (nibbles(packed, 4) + fifths(at + 2, 16) - 16.0f);
#elif defined(TYPE_Q5_1)
  float d = half_at(at), m = half_at(at + 2);
  uchar16 packed = vload16(0, at + 8);
  *low = d * (nibbles(packed, 0) + fifths(at + 4, 0)) + m;
  *high = d * (nibbles(packed, 4) + fifths(at + 4, 16)) + m;
#elif defined(TYPE_Q8_0)
  float d = half_at(at);
  global const char *q = (global const char *) at + 2;
  *low = d * convert_float16(vload16(0, q));
  *high = d * convert_float16(vload16(1, q));
#elif defined(TYPE_Q2_K)
  float d = half_at(at + 80), m = half_at(at + 82);
  bytes q = at + 16 + sub / 4 * 32, scales = at + 2 * sub;
  uchar16 first = vload16(0, q) >> (uchar) (sub % 4 * 2) & (uchar) 3;
  uchar16 second = vload16(1, q) >> (uchar) (sub % 4 * 2) & (uchar) 3;
  *low = d * (scales[0] & 15) * convert_float16(first) - m * (scales[0] >> 4);
  *high = d * (scales[1] & 15) * convert_float16(second) - m * (scales[1] >> 4);
#elif defined(TYPE_Q3_K)
  float d = half_at(at + 108);
  bytes q = at + 32 + sub / 4 * 32;
  uchar16 first = (vload16(0, q) >> (uchar) (sub % 4 * 2) & (uchar) 3) |
                  (vload16(0, at) >> (uchar) sub & (uchar) 1) << (uchar) 2;
  uchar16 second = (vload16(1, q) >> (uchar) (sub % 4 * 2) & (uchar) 3) |
                   (vload16(1, at) >> (uchar) sub & (uchar) 1) << (uchar) 2;
  *low = d * (scale_of(at + 96, 2 * sub) - 32) * (convert_float16(first) - 4.0f);
  *high = d * (scale_of(at + 96, 2 * sub + 1) - 32) * (convert_float16(second) - 4.0f);
#elif defined(TYPE_Q4_K)
  float scale = half_at(at) * scale_of(at + 4, sub);
  float minimum = half_at(at + 2) * minimum_of(at + 4, sub);
  bytes q = at + 16 + sub / 2 * 32;
  *low = scale * nibbles(vload16(0, q), sub % 2 * 4) - minimum;
  *high = scale * nibbles(vload16(1, q), sub % 2 * 4) - minimum;
#elif defined(TYPE_Q5_K)
  float scale = half_at(at) * scale_of(at + 4, sub);
  float minimum = half_at(at + 2) * minimum_of(at + 4, sub);
  bytes q = at + 48 + sub / 2 * 32;
  uchar16 first = (vload16(0, at + 16) >> (uchar) sub & (uchar) 1) << (uchar) 4;
  uchar16 second = (vload16(1, at + 16) >> (uchar) sub & (uchar) 1) << (uchar) 4;
  *low = scale * (nibbles(vload16(0, q), sub % 2 * 4) + convert_float16(first)) - minimum;
  *high = scale * (nibbles(vload16(1, q), sub % 2 * 4) + convert_float16(second)) - minimum;
#elif defined(TYPE_Q6_K)
  float d = half_at(at + 208);
  global const char *scales = (global const char *) at + 192 + sub * 2;
  bytes q = at + sub / 4 * 64 + sub % 2 * 32;
  bytes h = at + 128 + sub / 4 * 32;
  int shift = sub % 4 / 2 * 4;
  uchar16 first = (vload16(0, h) >> (uchar) (sub % 4 * 2) & (uchar) 3) << (uchar) 4;
  uchar16 second = (vload16(1, h) >> (uchar) (sub % 4 * 2) & (uchar) 3) << (uchar) 4;
  *low = d * scales[0] * (nibbles(vload16(0, q), shift) + convert_float16(first) - 32.0f);
  *high = d * scales[1] * (nibbles(vload16(1, q), shift) + convert_float16(second) - 32.0f);
#else
#error "no decoder for this type"
#endif
#endif
}
