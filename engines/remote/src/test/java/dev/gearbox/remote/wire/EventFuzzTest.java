package dev.gearbox.remote.wire;

import dev.gearbox.engine.Fuzzing;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Bytes of a server, which may be anything: the same events however they are cut. */
class EventFuzzTest {
  private static final long MOST = 1 << 16;

  /** Entry of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] data) {
    List<String> whole = events(data, Math.max(1, data.length));
    List<String> cut = events(data, 1 + data.length % 7);
    // A stream that grows too long is noticed at another place when it comes in other pieces.
    boolean failed = whole.contains("!") || cut.contains("!");
    if (!failed && !whole.equals(cut)) {
      throw new IllegalStateException(whole + " in one piece, cut " + cut);
    }
  }

  private static List<String> events(byte[] data, int step) {
    List<String> events = new ArrayList<>();
    EventReader reader = new EventReader(MOST);
    ChunkReader chunks = new ChunkReader(String::valueOf);
    try {
      for (int from = 0; from < data.length; from += step) {
        reader.feed(Arrays.copyOfRange(data, from, Math.min(data.length, from + step)));
        for (EventReader.Event event = reader.next(); event != null; event = reader.next()) {
          events.add(event.comment() ? "#" : read(chunks, event));
        }
      }
    } catch (WireException e) {
      events.add("!");
    }
    return events;
  }

  private static String read(ChunkReader chunks, EventReader.Event event) {
    try {
      return chunks.read(event).toString();
    } catch (WireException e) {
      return e.text();
    }
  }

  @Test
  void takesSeedsAndTheirLike() throws IOException {
    Fuzzing.shake("events", 300, EventFuzzTest::fuzzerTestOneInput);
  }
}
