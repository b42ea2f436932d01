package dev.gearbox.remote.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class EventReaderTest {
  private static final String STREAM =
      String.join(
          "",
          "\uFEFFdata: é one\r\n\r\n: a comment\n\ndata:two\ndata:  lines\n\n",
          "event: error\rdata: {\"x\":\"🚲\"}\r\rid: 7\nretry: 5\n\ndata\n\ndata: [DONE]\n\n");
  private static final List<String> EVENTS =
      List.of("é one", "#", "two\n lines", "!{\"x\":\"🚲\"}", "", "[DONE]");

  @Test
  void readsLineEndsMarksCommentsAndSeveralLines() throws WireException {
    assertThat(read(List.of(bytes(STREAM)))).isEqualTo(EVENTS);
  }

  @Test
  void readsTheSameWhereverTheBytesAreCutInTwo() throws WireException {
    byte[] all = bytes(STREAM);
    for (int cut = 0; cut <= all.length; cut++) {
      List<byte[]> parts =
          List.of(Arrays.copyOf(all, cut), Arrays.copyOfRange(all, cut, all.length));
      assertThat(read(parts)).as("cut at %d", cut).isEqualTo(EVENTS);
    }
  }

  @Test
  void readsTheSameByteByByte() throws WireException {
    List<byte[]> parts = new ArrayList<>();
    for (byte each : bytes(STREAM)) {
      parts.add(new byte[] {each});
    }
    assertThat(read(parts)).isEqualTo(EVENTS);
  }

  @Property(tries = 300)
  void readsTheSameHoweverEventsAreWrittenAndCut(
      @ForAll @Size(max = 8) List<@net.jqwik.api.From("texts") String> texts,
      @ForAll @IntRange(min = 1, max = 40) int step,
      @ForAll("ends") String end)
      throws WireException {
    StringBuilder stream = new StringBuilder();
    for (String text : texts) {
      for (String line : text.split("\n", -1)) {
        stream.append("data: ").append(line).append(end);
      }
      stream.append(end);
    }
    byte[] all = bytes(stream.toString());
    List<byte[]> parts = new ArrayList<>();
    for (int at = 0; at < all.length; at += step) {
      parts.add(Arrays.copyOfRange(all, at, Math.min(all.length, at + step)));
    }
    assertThat(read(parts)).isEqualTo(texts);
  }

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.strings().withChars("ab: {}\"é€\n").ofMaxLength(30);
  }

  @Provide
  Arbitrary<String> ends() {
    return Arbitraries.of("\n", "\r\n", "\r");
  }

  @Test
  void aLineWithoutEndIsTooLong() {
    EventReader reader = new EventReader(Long.MAX_VALUE);
    byte[] more = bytes("x".repeat(65_536));
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 100; i++) {
                reader.feed(more);
                reader.next();
              }
            })
        .isInstanceOf(WireException.class)
        .hasMessageContaining("a line of more than 1048576 bytes");
  }

  @Test
  void anEventOfManyLinesIsTooLong() {
    EventReader reader = new EventReader(Long.MAX_VALUE);
    byte[] more = bytes(("data: " + "x".repeat(1000) + "\n").repeat(64));
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 100; i++) {
                reader.feed(more);
                reader.next();
              }
            })
        .isInstanceOf(WireException.class)
        .hasMessageContaining("an event of more than 1048576 bytes");
  }

  @Test
  void aStreamHasABoundToo() {
    EventReader reader = new EventReader(100);
    assertThatThrownBy(() -> reader.feed(new byte[101]))
        .isInstanceOf(WireException.class)
        .hasMessageContaining("more than 100 bytes");
  }

  private static List<String> read(List<byte[]> parts) throws WireException {
    EventReader reader = new EventReader(1 << 20);
    List<String> events = new ArrayList<>();
    for (byte[] part : parts) {
      reader.feed(part);
      for (EventReader.Event event = reader.next(); event != null; event = reader.next()) {
        String text = new String(event.bytes(), 0, event.length(), StandardCharsets.UTF_8);
        events.add(event.comment() ? "#" : event.error() ? "!" + text : text);
      }
    }
    return events;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
