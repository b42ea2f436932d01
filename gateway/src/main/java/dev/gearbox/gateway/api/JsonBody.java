package dev.gearbox.gateway.api;

import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Reads the bytes of a body as one strict JSON object: no duplicates, no depth, nothing after. */
public final class JsonBody {
  /** Bytes of a body at most. */
  public static final int MAX_BYTES = 20 * 1024 * 1024;

  private static final int MAX_DEPTH = 64;
  private static final int MAX_NUMBER_LENGTH = 100;
  private static final int MAX_NAME_LENGTH = 1024;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxNumberLength(MAX_NUMBER_LENGTH)
                          .maxNameLength(MAX_NAME_LENGTH)
                          .maxStringLength(MAX_BYTES)
                          .maxDocumentLength(MAX_BYTES)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                  .build())
          .build();

  private static final Pattern SOURCE = Pattern.compile("\\[Source: [^;\\]]*; ([^\\]]*)]");

  private JsonBody() {}

  /** The object in these bytes, or a 400 that says where it breaks. */
  public static Result<ObjectNode> read(byte[] bytes) {
    try (JsonParser parser = MAPPER.createParser(bytes)) {
      try {
        JsonNode node = MAPPER.readTree(parser);
        if (!(node instanceof ObjectNode object)) {
          return Result.refused(
              Refusal.invalid(null, "the body must be a JSON object, got " + Fields.kind(node)));
        }
        if (parser.nextToken() != null) {
          return Result.refused(Refusal.invalid(null, "the body goes on after its JSON object"));
        }
        return Result.ok(object);
      } catch (JacksonException e) {
        return Result.refused(malformed(e, parser));
      }
    } catch (JacksonException e) {
      // The first bytes are of an encoding that JSON may not have.
      return Result.refused(Refusal.invalid(null, "the body is not valid JSON: " + firstLine(e)));
    }
  }

  private static Refusal malformed(JacksonException e, JsonParser parser) {
    TokenStreamLocation at = e.getLocation();
    String where = at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
    String what =
        e instanceof StreamConstraintsException
            ? "the JSON of the body is too deep or has a name or number that is too long"
            : "the body is not valid JSON";
    String pointer = parser.streamReadContext().pathAsPointer().toString();
    return Refusal.invalid(
        pointer.isEmpty() ? null : dotted(pointer), what + where + ": " + firstLine(e));
  }

  /** What is wrong, without what Jackson says of a source that it does not show. */
  private static String firstLine(JacksonException e) {
    String message = e.getOriginalMessage();
    String line = message == null ? "" : message.lines().findFirst().orElse("");
    line = SOURCE.matcher(line).replaceAll("$1");
    return line.length() > 200 ? line.substring(0, 200) : line;
  }

  /** {@code /messages/0/role} as {@code messages[0].role}. */
  private static String dotted(String pointer) {
    return pointer.substring(1).replaceAll("/(\\d{1,9})(?=/|$)", "[$1]").replace('/', '.');
  }
}
