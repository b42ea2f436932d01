package dev.gearbox.remote.wire;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Server-sent events out of bytes as they come, wherever they were cut: lines may end in LF, CR or
 * CRLF, a byte order mark may begin the stream, an event may have several data lines. Bytes are
 * only copied together, and decoded by whoever reads an event's data, so a character that was cut
 * in two is whole again. Lines, events and the stream are bounded. Not thread-safe.
 */
public final class EventReader {
  /** Bytes of one line, and of one event's data, at most. */
  public static final int MAX_EVENT = 1 << 20;

  private static final byte[] DATA = {'d', 'a', 't', 'a'};
  private static final byte[] EVENT = {'e', 'v', 'e', 'n', 't'};
  private static final byte[] ERROR = {'e', 'r', 'r', 'o', 'r'};
  private static final byte[] MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  private final long most;
  private byte[] bytes = new byte[4096];
  private int from;
  private int scanned;
  private int end;
  private long total;
  private boolean begun;
  private boolean skipLineFeed;

  private byte[] data = new byte[1024];
  private int length;
  private boolean hasData;
  private boolean error;

  /** One event, or a comment. Its bytes are valid until the next call of {@link #next}. */
  public static final class Event {
    static final Event COMMENT = new Event(new byte[0], 0, false, true);

    private final byte[] bytes;
    private final int length;
    private final boolean error;
    private final boolean comment;

    private Event(byte[] bytes, int length, boolean error, boolean comment) {
      this.bytes = bytes;
      this.length = length;
      this.error = error;
      this.comment = comment;
    }

    /** Where its data in UTF-8 begins; not a copy. */
    public byte[] bytes() {
      return bytes;
    }

    /** Bytes of its data. */
    public int length() {
      return length;
    }

    /** Whether it was named {@code error}. */
    public boolean error() {
      return error;
    }

    /** Whether it is no event but a sign of life. */
    public boolean comment() {
      return comment;
    }

    /** Whether the data is exactly this. */
    public boolean is(byte[] text) {
      return Arrays.equals(bytes, 0, length, text, 0, text.length);
    }
  }

  /** A reader of at most {@code most} bytes. */
  public EventReader(long most) {
    this.most = most;
  }

  /**
   * Takes what came.
   *
   * @throws WireException when the stream is longer than allowed
   */
  public void feed(byte[] more) throws WireException {
    total += more.length;
    if (total > most) {
      throw WireException.broken("the server sent more than " + most + " bytes for one answer");
    }
    if (end + more.length > bytes.length) {
      compact(more.length);
    }
    System.arraycopy(more, 0, bytes, end, more.length);
    end += more.length;
  }

  private void compact(int more) {
    int kept = end - from;
    byte[] into =
        kept + more > bytes.length ? new byte[Math.max(kept + more, bytes.length * 2)] : bytes;
    System.arraycopy(bytes, from, into, 0, kept);
    bytes = into;
    scanned -= from;
    end = kept;
    from = 0;
  }

  /**
   * The next event or comment that is whole; null when more bytes are needed.
   *
   * @throws WireException when a line or an event is longer than allowed
   */
  public @Nullable Event next() throws WireException {
    while (true) {
      int stop = lineEnd();
      if (stop < 0) {
        return null;
      }
      int start = from;
      from = stop + 1;
      scanned = from;
      skipLineFeed = bytes[stop] == '\r';
      if (stop == start) {
        Event whole = dispatch();
        if (whole != null) {
          return whole;
        }
      } else if (bytes[start] == ':') {
        return Event.COMMENT;
      } else {
        field(start, stop);
      }
    }
  }

  /** Index of the byte that ends the line; −1 without one yet. */
  private int lineEnd() throws WireException {
    if (!begun && !mark()) {
      return -1;
    }
    if (skipLineFeed && from < end) {
      skipLineFeed = false;
      if (bytes[from] == '\n') {
        from++;
        scanned = Math.max(scanned, from);
      }
    }
    for (int i = Math.max(scanned, from); i < end; i++) {
      if (bytes[i] == '\n' || bytes[i] == '\r') {
        return i;
      }
    }
    scanned = end;
    if (end - from > MAX_EVENT) {
      throw WireException.broken("the server sent a line of more than " + MAX_EVENT + " bytes");
    }
    return -1;
  }

  /** Skips a byte order mark; false while that cannot be told. */
  private boolean mark() {
    int seen = Math.min(MARK.length, end - from);
    if (!Arrays.equals(bytes, from, from + seen, MARK, 0, seen)) {
      begun = true;
      return true;
    }
    if (seen < MARK.length) {
      return false;
    }
    from += MARK.length;
    scanned = from;
    begun = true;
    return true;
  }

  private void field(int start, int stop) throws WireException {
    int colon = start;
    while (colon < stop && bytes[colon] != ':') {
      colon++;
    }
    int value = Math.min(stop, colon + 1);
    if (value < stop && bytes[value] == ' ') {
      value++;
    }
    if (Arrays.equals(bytes, start, colon, DATA, 0, DATA.length)) {
      data(value, stop);
    } else if (Arrays.equals(bytes, start, colon, EVENT, 0, EVENT.length)) {
      error = Arrays.equals(bytes, value, stop, ERROR, 0, ERROR.length);
    }
  }

  private void data(int value, int stop) throws WireException {
    int more = stop - value + (hasData ? 1 : 0);
    if (length + more > MAX_EVENT) {
      throw WireException.broken("the server sent an event of more than " + MAX_EVENT + " bytes");
    }
    if (length + more > data.length) {
      data = Arrays.copyOf(data, Math.max(length + more, data.length * 2));
    }
    if (hasData) {
      data[length++] = '\n';
    }
    System.arraycopy(bytes, value, data, length, stop - value);
    length += stop - value;
    hasData = true;
  }

  private @Nullable Event dispatch() {
    Event whole = hasData ? new Event(data, length, error, false) : null;
    length = 0;
    hasData = false;
    error = false;
    return whole;
  }
}
