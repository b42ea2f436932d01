// Products with one type of matrix; blocks.cl stands before this.
//   LANES   work items that share a row of weights, a power of two; they take its blocks in turns
//   ROWS    rows of weights of a work group
//   TOKENS  vectors that a block of weights is multiplied by once it is decoded

// Sums in one order whatever TOKENS is, so that a token's product is the same bits in any company.
float total(float16 v) {
  float8 a = v.lo + v.hi;
  float4 b = a.lo + a.hi;
  float2 c = b.lo + b.hi;
  return c.x + c.y;
}

// out[token] = scale * the token's row; columns / 32 x tokens work items.
kernel void embed(bytes weights, global const int4 *tokens, global float *out, int columns, float scale) {
  int block = get_global_id(0);
  int token = get_global_id(1);
  float16 low, high;
  decode(weights + ROW_BYTES(columns) * (ulong) tokens[token].x, block, &low, &high);
  global float *to = out + (ulong) token * columns + block * BLOCK;
  vstore16(low * scale, 0, to);
  vstore16(high * scale, 1, to);
}

// y[token] = weights * x[first + token] + bias; work groups of ROWS * LANES, tiles of TOKENS in the second dimension.
kernel void multiply(bytes weights, global const float *x, global float *y, global const float *bias, int biased,
                     int rows, int columns, int first, int tokens) {
  int row = get_global_id(0) / LANES;
  int lane = get_global_id(0) % LANES;
  int tile = get_global_id(1) * TOKENS;
  bytes weight = weights + ROW_BYTES(columns) * (ulong) min(row, rows - 1);
  global const float *vectors[TOKENS];
  float16 sums[TOKENS];
#pragma unroll
  for (int t = 0; t < TOKENS; t++) {
    vectors[t] = x + (ulong) (first + min(tile + t, tokens - 1)) * columns;
    sums[t] = (float16) (0.0f);
  }
  for (int block = lane; block < columns / BLOCK; block += LANES) {
    float16 low, high;
    decode(weight, block, &low, &high);
#pragma unroll
    for (int t = 0; t < TOKENS; t++) {
      sums[t] = fma(low, vload16(2 * block, vectors[t]), sums[t]);
      sums[t] = fma(high, vload16(2 * block + 1, vectors[t]), sums[t]);
    }
  }
#if LANES > 1
  local float partial[ROWS * LANES];
#endif
#pragma unroll
  for (int t = 0; t < TOKENS; t++) {
    float sum = total(sums[t]);
#if LANES > 1
    int me = get_local_id(0);
    barrier(CLK_LOCAL_MEM_FENCE);
    partial[me] = sum;
    for (int half_way = LANES / 2; half_way > 0; half_way /= 2) {
      barrier(CLK_LOCAL_MEM_FENCE);
      if (lane < half_way) {
        partial[me] += partial[me + half_way];
      }
    }
    sum = partial[me];
#endif
    if (lane == 0 && row < rows && tile + t < tokens) {
      y[(ulong) (tile + t) * rows + row] = sum + (biased ? bias[row] : 0.0f);
    }
  }
}
