// What is between the matrices. A token of a step is an int4: its id, its position, the block that keeps it, and where
// the block table of its sequence begins.
//   HEAD HEADS KV_HEADS  elements of a head, query heads, key heads
//   PAIRS HALVES         pairs of a head that turn; whether pair i is (i, i + PAIRS) or (2i, 2i + 1)
//   NORMED GELU          whether queries and keys are normed; gelu or silu
//   SLOTS KV_HALF        tokens in a block; keys and values as halves or as floats
//   LANES WIDE           work items of an attention group, and of a norm's
#pragma OPENCL FP_CONTRACT OFF

#define GROUP (HEADS / KV_HEADS)

#ifdef KV_HALF
typedef half kv;
#define KV_LOAD(at) vload_half(0, at)
#define KV_LOAD16(at) vload_half16(0, at)
#define KV_STORE(x, at) vstore_half(x, 0, at)
#else
typedef float kv;
#define KV_LOAD(at) (*(at))
#define KV_LOAD16(at) vload16(0, at)
#define KV_STORE(x, at) (*(at) = (x))
#endif

float total(float16 v) {
  float8 a = v.lo + v.hi;
  float4 b = a.lo + a.hi;
  float2 c = b.lo + b.hi;
  return c.x + c.y;
}

// The sum over a work group of WIDE, in every work item.
float over_group(float sum, local float *partial) {
#if WIDE > 1
  int me = get_local_id(0);
  barrier(CLK_LOCAL_MEM_FENCE);
  partial[me] = sum;
  for (int half_way = WIDE / 2; half_way > 0; half_way /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (me < half_way) {
      partial[me] += partial[me + half_way];
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  return partial[0];
#else
  return sum;
#endif
}

float inverse_root(float squares, int size, float epsilon) { return 1.0f / sqrt(squares / size + epsilon); }

// hidden += [norm](added); out = norm(hidden). A work group takes a row; what is absent is said by `adds` and `norms_added`.
kernel void add_norm(global float *hidden, global const float *added, global const float *after, global const float *norm,
                     global float *out, int size, float epsilon, int adds, int norms_added) {
  local float partial[WIDE];
  int me = get_local_id(0);
  ulong row = (ulong) get_global_id(1) * size;
  int parts = size / 16;
  float factor = 1.0f;
  if (norms_added) {
    float16 squares = (float16) (0.0f);
    for (int i = me; i < parts; i += WIDE) {
      float16 v = vload16(i, added + row);
      squares = fma(v, v, squares);
    }
    factor = inverse_root(over_group(total(squares), partial), size, epsilon);
  }
  float16 squares = (float16) (0.0f);
  for (int i = me; i < parts; i += WIDE) {
    float16 h = vload16(i, hidden + row);
    if (adds) {
      float16 v = vload16(i, added + row);
      h += norms_added ? v * factor * vload16(i, after) : v;
      vstore16(h, i, hidden + row);
    }
    squares = fma(h, h, squares);
  }
  factor = inverse_root(over_group(total(squares), partial), size, epsilon);
  for (int i = me; i < parts; i += WIDE) {
    vstore16(vload16(i, hidden + row) * factor * vload16(i, norm), i, out + row);
  }
}

// Norms and turns queries and keys, and keeps keys and values. A work group takes one head of one token: first the query
// heads, then those of the keys, then those of the values.
kernel void turn(global float *query, global const float *key, global const float *value, global kv *keys, global kv *values,
                 global const float *query_norm, global const float *key_norm, global const float2 *angles, int angles_at,
                 global const int4 *tokens, float epsilon) {
  local float head[HEAD];
  int me = get_local_id(0);
  int place = get_group_id(0);
  int token = get_global_id(1);
  int of = place < HEADS ? place : (place - HEADS) % KV_HEADS;
  int is_query = place < HEADS;
  int is_value = place >= HEADS + KV_HEADS;
  global const float *from = is_query ? query + (ulong) (token * HEADS + of) * HEAD
                                      : (is_value ? value : key) + (ulong) (token * KV_HEADS + of) * HEAD;
  for (int e = me; e < HEAD; e += LANES) {
    head[e] = from[e];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  ulong slot = ((ulong) (tokens[token].z * KV_HEADS + of) * SLOTS + tokens[token].y % SLOTS) * HEAD;
  if (is_value) {
    for (int e = me; e < HEAD; e += LANES) {
      KV_STORE(head[e], values + slot + e);
    }
    return;
  }
#if NORMED
  global const float *norm = is_query ? query_norm : key_norm;
  float squares = 0.0f;
  for (int e = 0; e < HEAD; e++) {
    squares = fma(head[e], head[e], squares);
  }
  float factor = inverse_root(squares, HEAD, epsilon);
#define ELEMENT(e) (head[e] * factor * norm[e])
#else
#define ELEMENT(e) head[e]
#endif
  global float *turned = query + (ulong) (token * HEADS + of) * HEAD;
  for (int i = me; i < PAIRS; i += LANES) {
    int a = HALVES ? i : 2 * i;
    int b = HALVES ? i + PAIRS : 2 * i + 1;
    float2 angle = angles[angles_at + token * PAIRS + i];
    float u = ELEMENT(a), v = ELEMENT(b);
    float x = u * angle.x - v * angle.y;
    float y = u * angle.y + v * angle.x;
    if (is_query) {
      turned[a] = x;
      turned[b] = y;
    } else {
      KV_STORE(x, keys + slot + a);
      KV_STORE(y, keys + slot + b);
    }
  }
  for (int e = 2 * PAIRS + me; e < HEAD; e += LANES) {
    if (is_query) {
      turned[e] = ELEMENT(e);
    } else {
      KV_STORE(ELEMENT(e), keys + slot + e);
    }
  }
}

// Causal attention. A work group takes the query heads of one token that share a key head, and walks over the blocks of its
// sequence once, with the softmax kept up to date on the way (Milakov and Gimelshein, 2018):
//   s = q·K   m' = max(m, max s)   p = exp(s − m')   l = l·exp(m − m') + Σp   o = o·exp(m − m') + p·V   at the end o / l
// Lanes share out the keys of a chunk first, and the elements of a head then.
#if LANES == 1
// One item alone takes elements by sixteens.
#define UNIT 16
typedef float16 unit;
#define UNIT_LOAD(at) KV_LOAD16(at)
#define UNIT_STORE(x, at) vstore16(x, 0, at)
#else
#define UNIT 1
typedef float unit;
#define UNIT_LOAD(at) KV_LOAD(at)
#define UNIT_STORE(x, at) (*(at) = (x))
#endif
#define UNITS (HEAD / UNIT / LANES)
#define CHUNK (LANES > SLOTS ? LANES : SLOTS)

kernel void attend(global const float *query, global const kv *keys, global const kv *values, global float *out,
                   global const int4 *tokens, global const int *tables, float scale, int window) {
  local float q[GROUP * HEAD];
  local float p[GROUP * CHUNK];
  int me = get_local_id(0);
  int head = get_group_id(0);
  int token = get_global_id(1);
  int position = tokens[token].y;
  global const int *table = tables + tokens[token].w;
  ulong at = ((ulong) token * HEADS + head * GROUP) * HEAD;
  for (int i = me; i < GROUP * HEAD; i += LANES) {
    q[i] = query[at + i] * scale;
  }
  float most[GROUP], weight[GROUP];
  unit mixed[GROUP * UNITS];
  for (int g = 0; g < GROUP; g++) {
    most[g] = -INFINITY;
    weight[g] = 0.0f;
  }
  for (int i = 0; i < GROUP * UNITS; i++) {
    mixed[i] = (unit) (0.0f);
  }
  int from = window > 0 ? max(0, position - window + 1) : 0;
  for (int first = from / SLOTS * SLOTS; first <= position; first += CHUNK) {
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = me; k < CHUNK; k += LANES) {
      int seen = first + k >= from && first + k <= position;
      float16 sums[GROUP];
      for (int g = 0; g < GROUP; g++) {
        sums[g] = (float16) (0.0f);
      }
      if (seen) {
        int block = table[(first + k) / SLOTS];
        global const kv *row = keys + ((ulong) (block * KV_HEADS + head) * SLOTS + (first + k) % SLOTS) * HEAD;
        for (int e = 0; e < HEAD; e += 16) {
          float16 x = KV_LOAD16(row + e);
          for (int g = 0; g < GROUP; g++) {
            sums[g] = fma(vload16(0, q + g * HEAD + e), x, sums[g]);
          }
        }
      }
      for (int g = 0; g < GROUP; g++) {
        p[g * CHUNK + k] = seen ? total(sums[g]) : -INFINITY;
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int g = 0; g < GROUP; g++) {
      float high = most[g];
      for (int k = 0; k < CHUNK; k++) {
        high = fmax(high, p[g * CHUNK + k]);
      }
      float factor = exp(most[g] - high);
      most[g] = high;
      weight[g] *= factor;
      for (int u = 0; u < UNITS; u++) {
        mixed[g * UNITS + u] *= factor;
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = me; k < CHUNK; k += LANES) {
      for (int g = 0; g < GROUP; g++) {
        p[g * CHUNK + k] = exp(p[g * CHUNK + k] - most[g]);
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    int end = min(CHUNK, position + 1 - first);
    for (int k = max(0, from - first); k < end; k++) {
      int block = table[(first + k) / SLOTS];
      global const kv *row = values + ((ulong) (block * KV_HEADS + head) * SLOTS + (first + k) % SLOTS) * HEAD;
      for (int g = 0; g < GROUP; g++) {
        weight[g] += p[g * CHUNK + k];
      }
      for (int u = 0; u < UNITS; u++) {
        unit x = UNIT_LOAD(row + (u * LANES + me) * UNIT);
        for (int g = 0; g < GROUP; g++) {
          mixed[g * UNITS + u] = fma((unit) (p[g * CHUNK + k]), x, mixed[g * UNITS + u]);
        }
      }
    }
  }
  for (int g = 0; g < GROUP; g++) {
    for (int u = 0; u < UNITS; u++) {
      UNIT_STORE(mixed[g * UNITS + u] / weight[g], out + at + g * HEAD + (u * LANES + me) * UNIT);
    }
  }
}

// gate = act(gate) * up.
kernel void activate(global float *gate, global const float *up, int width) {
  int i = get_global_id(0);
  if (i >= width) {
    return;
  }
  ulong at = (ulong) get_global_id(1) * width + i;
  float g = gate[at];
#if GELU
  float z = 0.7978846f * g * (1.0f + 0.044715f * g * g);
  gate[at] = g * up[at] / (1.0f + exp(-2.0f * z));
#else
  gate[at] = g * up[at] / (1.0f + exp(-g));
#endif
}

// Moves the rows that are asked for to the front of another buffer; bits, whatever they mean.
kernel void gather(global const int *from, global int *to, global const int *asked, int width) {
  int i = get_global_id(0);
  if (i < width) {
    int row = get_global_id(1);
    to[(ulong) row * width + i] = from[(ulong) asked[row] * width + i];
  }
}

// Bounds logits by tanh.
kernel void soften(global float *logits, int width, float cap) {
  int i = get_global_id(0);
  if (i < width) {
    ulong at = (ulong) get_global_id(1) * width + i;
    logits[at] = cap * tanh(logits[at] / cap);
  }
}
