package dev.gearbox.format.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gearbox.format.template.TemplateException.Code;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ChatTemplateTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final List<Map<String, Object>> HELLO =
      List.of(Map.of("role", "user", "content", "Hello"));

  /**
   * conversations.json holds what llama-server's /apply-template made of each (build 11434,
   * --jinja).
   */
  @ParameterizedTest
  @CsvSource({"smollm2,''", "qwen2.5,''", "gemma3,<bos>", "llama3,<|im_start|>"})
  void rendersAsLlamaCppDoes(String name, String bos) throws IOException {
    ChatTemplate template = ChatTemplate.of(resource(name + ".jinja"), bos, "");
    for (JsonNode each : JSON.readTree(resource("conversations.json"))) {
      List<Map<String, Object>> messages =
          JSON.convertValue(each.get("messages"), new TypeReference<>() {});
      List<Object> tools = JSON.convertValue(each.path("tools"), new TypeReference<>() {});
      JsonNode expected = each.get("prompts").get(name);
      if (expected.isNull()) {
        assertThatThrownBy(() -> template.render(messages, tools, true))
            .isInstanceOfSatisfying(
                TemplateException.class, e -> assertThat(e.code()).isEqualTo(Code.REFUSED));
      } else {
        String prompt = template.render(messages, tools, true);
        // llama-server leaves out the BOS that its tokenizer adds.
        boolean leftOut = bos.equals("<bos>");
        assertThat(leftOut ? prompt.substring(bos.length()) : prompt)
            .as(each.get("name").asString())
            .isEqualTo(expected.asString());
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '¦',
      quoteCharacter = '`',
      value = {
        "{{ 1 + 2 * 3 ** 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} ¦ 19 3 -4 2 3.5",
        "{{ 1 == '1' }} {{ 1 == 1.0 }} {{ 'a' < 'b' }} {{ 1 < 2 < 3 }} ¦ False True True True",
        "{{ none }} {{ true }} {{ [1, 'a', none] }} {{ {'k': 1.5} }} ¦ None True [1, 'a', None] {'k': 1.5}",
        "{{ 'abc'[1:] }} {{ 'abc'[::-1] }} {{ [1,2,3][-1] }} {{ [1,2,3][:2] }} ¦ bc cba 3 [1, 2]",
        "{{ ' a '.strip() ~ 'b' }}{{ 'a-b-c'.split('-')[1] }}{{ 'x'.startswith('x') }} ¦ abbTrue",
        "{{ missing is defined }} {{ missing }}{{ 'a' if missing else 'b' }} {{ missing | default('d') }} ¦ False b d",
        "{% set ns = namespace(n=0) %}{% for x in [1,2,3] if x != 2 %}{% set ns.n = ns.n + x %}{{ loop.index }}{{ loop.last }} {% endfor %}{{ ns.n }} ¦ 1False 2True 4",
        "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }};{% endfor %} ¦ a=1;b=2;",
        "{% macro m(x, y='d') %}[{{ x }}{{ y }}]{% endmacro %}{{ m(1) }}{{ m(1, y=2) }} ¦ [1d][12]",
        "{% for x in [] %}x{% else %}none{% endfor %}{% for x in [1,2,3] %}{% if x == 2 %}{% break %}{% endif %}{{ x }}{% endfor %} ¦ none1",
        "{{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ messages | map(attribute='role') | join(',') }} ¦ 1 user",
        "{{ messages[0] is mapping }} {{ 'x' is string }} {{ 3 is divisibleby 3 }} {{ 1 is not none }} ¦ True True True True",
        "{{ {'a': [1, true, none], 'b': 'é\"'} | tojson }} ¦ `{\"a\": [1, true, null], \"b\": \"é\\\"\"}`",
        "{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{% endfor %}{{ x }} {% set y %}a{{ x }}{% endset %}{{ y }} ¦ 1 a1",
        "{{ 'a' in 'abc' }} {{ 'z' not in ['a'] }} {{ not true or 1 }} {{ 0 or 'x' and 'y' }} ¦ True True 1 y",
        "{{ range(3) | list }} {{ range(5, 1, -2) | list }} {{ 1e0 if false else 'k' }} ¦ [0, 1, 2] [5, 3] k"
      })
  void meansWhatPythonMeans(String source, String expected) {
    String tried = source.replace("1e0", "1.0");
    assertThat(ChatTemplate.of(tried, "", "").render(HELLO, null, true)).isEqualTo(expected);
  }

  @Test
  void whiteSpaceGoesAsChatTemplatesExpect() {
    String source = "a\n  {% if true %}\n  b\n  {% endif %}\nc {{- ' d ' -}} \n e\n{# note #}\nf\n";
    assertThat(ChatTemplate.of(source, "", "").render(HELLO, null, true))
        .isEqualTo("a\n  b\nc d e\nf");
  }

  @Test
  void aTemplateCanRefuse() {
    ChatTemplate template = ChatTemplate.of("{{ raise_exception('only ' ~ 1) }}", "", "");
    assertThatThrownBy(() -> template.render(HELLO, null, true))
        .hasMessage("only 1")
        .isInstanceOfSatisfying(
            TemplateException.class, e -> assertThat(e.code()).isEqualTo(Code.REFUSED));
  }

  @Test
  void datesComeFromTheClock() {
    Clock clock = Clock.fixed(Instant.parse("2026-11-02T15:04:05Z"), ZoneOffset.UTC);
    String source = "{{ strftime_now('%Y-%m-%d %B %b %-d %H:%M') }} {{ date_string }}";
    assertThat(new ChatTemplate(source, "", "", clock, () -> 0).render(HELLO, null, true))
        .isEqualTo("2026-11-02 November Nov 2 15:04 02 Nov 2026");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ ''.__class__.__mro__ }}",
        "{{ messages.__class__.__base__.__subclasses__() }}",
        "{{ ''.getClass().forName('java.lang.Runtime').getRuntime().exec('id') }}",
        "{{ messages.class.classLoader }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ lipsum.__globals__['os'].system('id') }}",
        "{{ self._TemplateReference__context }}{{ self.x.y }}",
        "{{ request.application.__globals__ }}",
        "{{ '{0.__class__}'.format(messages) }}",
        "{{ ''|attr('__class__')|attr('__mro__') }}",
        "{{ ____int3rpr3t3r____.config.x }}",
        "{{ 'a'.toUpperCase() }}",
        "{{ messages.getClass() }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{% extends 'x' %}",
        "{% from 'x' import y %}",
        "{{ messages.append(1) }}",
        "{{ 1/0 }}",
        "{{ 'a' + 1 }}",
        "{{ missing.attribute }}",
        "{{ raise_exception }}",
        "{{ 9223372036854775807 + 1 }}",
        "{{ 99999999999999999999 }}",
        "{% if %}",
        "{{ 'open }}",
        "{% for x in messages %}",
        "{{ \"\\x\" }}"
      })
  void whatIsNotATemplateFailsClosed(String source) {
    assertThatThrownBy(() -> ChatTemplate.of(source, "", "").render(HELLO, null, true))
        .isInstanceOf(TemplateException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% set x = a %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in range(99999999) %}x{% endfor %}",
        "{{ 'x' * 1000000000 }}",
        "{% set ns = namespace(s='x') %}{% for a in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% for a in range(9999) %}{{ 'x' * 1000 }}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set l = [1] %}{% for a in range(60) %}{% set l = l + l %}{% endfor %}{{ ('ab' * 500000).replace('', 'xxxxxxxx') }}",
        "{{ 10 ** 10 ** 10 ** 10 }}{{ 'a' * 1000000000 }}",
        "{{ 'x' | indent(9999999) | indent('                ') }}{{ range(0, 9223372036854775807) }}"
      })
  void whatDoesNotEndIsEnded(String source) {
    ChatTemplate template = ChatTemplate.of(source, "", "");
    assertThatThrownBy(() -> template.render(HELLO, null, true))
        .isInstanceOf(TemplateException.class);
  }

  @Test
  void deepNestingIsRefused() {
    for (String source :
        List.of(
            "{{ " + "(".repeat(5000) + "1" + ")".repeat(5000) + " }}",
            "{{ " + "not ".repeat(5000) + "1 }}",
            "{{ " + "-".repeat(5000) + "1 }}",
            "{{ " + "[".repeat(5000) + "]".repeat(5000) + " }}",
            "{{ 1" + " + 1".repeat(5000) + " }}",
            "{% if true %}".repeat(5000) + "{% endif %}".repeat(5000))) {
      assertThatThrownBy(() -> ChatTemplate.of(source, "", "").render(HELLO, null, true))
          .isInstanceOfSatisfying(
              TemplateException.class, e -> assertThat(e.code()).isEqualTo(Code.LIMIT));
    }
  }

  @Test
  void theClockEndsARenderingThatTakesTooLong() {
    long[] now = {0};
    String source = "{% for a in range(9999) %}{% set x = a %}{% endfor %}";
    ChatTemplate template =
        new ChatTemplate(source, "", "", Clock.systemUTC(), () -> now[0] += 60_000_000);
    assertThatThrownBy(() -> template.render(HELLO, null, true))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("100 ms");
  }

  private static String resource(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(ChatTemplateTest.class.getResourceAsStream(name), name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
