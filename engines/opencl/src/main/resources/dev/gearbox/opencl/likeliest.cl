// The likeliest tokens of a row of logits, by a work group of FLAT items. Each item knows the best of its own share; the best
// of all is found among those, and only the item that had it looks through its share again.
// Larger logits go first, of equal ones the lower id; what is no number or minus infinity is not found.

kernel void likeliest(global const float *logits, global int *out, int vocabulary, int width, int first) {
  local float values[FLAT];
  local int ids[FLAT];
  int me = get_local_id(0);
  int row = get_global_id(1);
  global const float *x = logits + (ulong) row * vocabulary;
  global int *to = out + (ulong) (first + row) * 2 * width;
  float best = -INFINITY;
  int id = -1;
  for (int i = me; i < vocabulary; i += FLAT) {
    if (x[i] > best) {
      best = x[i];
      id = i;
    }
  }
  for (int place = 0; place < width; place++) {
    values[me] = best;
    ids[me] = id;
    for (int half_way = FLAT / 2; half_way > 0; half_way /= 2) {
      barrier(CLK_LOCAL_MEM_FENCE);
      if (me < half_way) {
        int other = ids[me + half_way];
        float value = values[me + half_way];
        if (other >= 0 && (ids[me] < 0 || value > values[me] || (value == values[me] && other < ids[me]))) {
          values[me] = value;
          ids[me] = other;
        }
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    int winner = ids[0];
    float won = values[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    if (me == 0) {
      to[place] = winner;
      to[width + place] = as_int(won);
    }
    if (winner == id && winner >= 0) {
      best = -INFINITY;
      id = -1;
      for (int i = me; i < vocabulary; i += FLAT) {
        int comes_after = x[i] < won || (x[i] == won && i > winner);
        if (comes_after && x[i] > best) {
          best = x[i];
          id = i;
        }
      }
    }
  }
}
