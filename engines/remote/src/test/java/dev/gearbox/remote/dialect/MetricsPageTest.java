package dev.gearbox.remote.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class MetricsPageTest {
  @Test
  void readsTimestampsExemplarsSpacesAndInfinities() {
    MetricsPage page =
        MetricsPage.parse(
            """
            a 1 1700000000000\r
            b_bucket{le="0.5"} 3 # {trace_id="x"} 0.4 1.7e9
              c { x = "1" , y="2", } 4
            d +Inf
            e -Inf
            f NaN
            g 0x10
            h 1d
            i 1e3\
            """,
            name -> true);
    assertThat(page.sum("a", null)).isEqualTo(1);
    assertThat(page.sum("b_bucket", null)).isEqualTo(3);
    assertThat(page.samples("c").getFirst().labels()).isEqualTo(Map.of("x", "1", "y", "2"));
    assertThat(page.sum("d", null)).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(page.sum("e", null)).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(page.samples("f")).isEmpty();
    assertThat(page.samples("g")).isEmpty();
    assertThat(page.samples("h")).isEmpty();
    assertThat(page.sum("i", null)).isEqualTo(1000);
  }

  @Test
  void anEndlessLineIsPassedOverAndTheNextIsRead() {
    MetricsPage page =
        MetricsPage.parse("a{x=\"" + "y".repeat(100_000) + "\"} 1\nb 2", name -> true);
    assertThat(page.samples("a")).isEmpty();
    assertThat(page.sum("b", null)).isEqualTo(2);
  }

  @Test
  void keepsOnlySoManySamples() {
    MetricsPage page = MetricsPage.parse("a 1\n".repeat(50_000), name -> true);
    assertThat(page.samples("a")).hasSize(MetricsPage.MAX_SAMPLES);
  }

  @Property
  void readsBackWhateverLabelsSay(
      @ForAll("labels") Map<String, String> labels, @ForAll long value) {
    StringBuilder line = new StringBuilder("name{");
    new TreeMap<>(labels)
        .forEach((name, text) ->
            line.append(name)
                .append("=\"")
                .append(text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n"))
                .append("\","));
    line.append("} ").append(value);
    MetricsPage page = MetricsPage.parse(line.toString(), "name"::equals);
    assertThat(page.samples("name")).hasSize(1);
    assertThat(page.samples("name").getFirst().labels()).isEqualTo(labels);
    assertThat(page.samples("name").getFirst().value()).isEqualTo((double) value);
  }

  @Provide
  Arbitrary<Map<String, String>> labels() {
    Arbitrary<String> names =
        Arbitraries.strings().withCharRange('a', 'z').ofMinLength(1).ofMaxLength(6);
    Arbitrary<String> texts = Arbitraries.strings().withChars("a\"\\\n,{}= é").ofMaxLength(12);
    return Arbitraries.maps(names, texts).ofMaxSize(5);
  }

  @Property
  void noTextMakesItFail(@ForAll String text) {
    assertThat(MetricsPage.parse("x" + text, name -> true)).isNotNull();
    assertThat(MetricsPage.parse("x{a=\"" + text, name -> true)).isNotNull();
    assertThat(MetricsPage.parse("x{" + text + "} 1", name -> true)).isNotNull();
  }
}
