package dev.gearbox.format.gguf;

import dev.gearbox.format.gguf.GgufException.Code;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The metadata of a GGUF file by key. A getter without a fallback demands the key (MISSING_KEY);
 * every getter demands the type (WRONG_KEY_TYPE). Values are decoded at each call and valid while
 * the file is open.
 */
public final class GgufMetadata {
  private final Map<String, GgufValue> values;

  GgufMetadata(Map<String, GgufValue> values) {
    this.values = values;
  }

  /** The keys in the order of the file. */
  public Set<String> keys() {
    return values.keySet();
  }

  /** Whether the key is there. */
  public boolean contains(String key) {
    return values.containsKey(key);
  }

  /** The value as stored, to copy it into another file. */
  public GgufValue raw(String key) {
    return required(key);
  }

  /** A string. */
  public String getString(String key) {
    return string(key, required(key));
  }

  /** A string, where there is one. */
  public Optional<String> findString(String key) {
    GgufValue value = values.get(key);
    return value == null ? Optional.empty() : Optional.of(string(key, value));
  }

  /** An integer of any stored width that fits an int. */
  public int getInt(String key) {
    return integer(key, required(key));
  }

  /** An integer of any stored width that fits an int, or the fallback where the key is absent. */
  public int getInt(String key, int fallback) {
    GgufValue value = values.get(key);
    return value == null ? fallback : integer(key, value);
  }

  /** A real number. */
  public float getFloat(String key) {
    return real(key, required(key));
  }

  /** A real number, or the fallback where the key is absent. */
  public float getFloat(String key, float fallback) {
    GgufValue value = values.get(key);
    return value == null ? fallback : real(key, value);
  }

  /** A boolean. */
  public boolean getBool(String key) {
    return bool(key, required(key));
  }

  /** A boolean, or the fallback where the key is absent. */
  public boolean getBool(String key, boolean fallback) {
    GgufValue value = values.get(key);
    return value == null ? fallback : bool(key, value);
  }

  /** An array of strings. */
  public List<String> getStrings(String key) {
    return array(key, required(key), GgufValueType.STRING).texts();
  }

  /** An array of strings, empty where the key is absent. */
  public List<String> findStrings(String key) {
    return contains(key) ? getStrings(key) : List.of();
  }

  /** An array of integers that fit an int. */
  public int[] getInts(String key) {
    GgufValue value = array(key, required(key), GgufValueType.INT32);
    int[] numbers = new int[(int) value.count()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = exact(key, value.integerAt(i));
    }
    return numbers;
  }

  /** An array of integers that fit an int, where there is one. */
  public Optional<int[]> findInts(String key) {
    return contains(key) ? Optional.of(getInts(key)) : Optional.empty();
  }

  /** An array of real numbers. */
  public float[] getFloats(String key) {
    GgufValue value = array(key, required(key), GgufValueType.FLOAT32);
    float[] numbers = new float[(int) value.count()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) value.realAt(i);
    }
    return numbers;
  }

  /** An array of real numbers, where there is one. */
  public Optional<float[]> findFloats(String key) {
    return contains(key) ? Optional.of(getFloats(key)) : Optional.empty();
  }

  private GgufValue required(String key) {
    @Nullable GgufValue value = values.get(key);
    if (value == null) {
      throw new GgufException(Code.MISSING_KEY, "the metadata has no " + key);
    }
    return value;
  }

  private static String string(String key, GgufValue value) {
    check(key, value, value.type() == GgufValueType.STRING, "a string");
    return value.texts().getFirst();
  }

  private static int integer(String key, GgufValue value) {
    check(key, value, value.type().isInteger(), "an integer");
    return exact(key, value.integerAt(0));
  }

  private static float real(String key, GgufValue value) {
    check(key, value, value.type().isReal(), "a real number");
    return (float) value.realAt(0);
  }

  private static boolean bool(String key, GgufValue value) {
    check(key, value, value.type() == GgufValueType.BOOL, "a boolean");
    return value.bool();
  }

  private static GgufValue array(String key, GgufValue value, GgufValueType wanted) {
    GgufValueType element = value.elementType();
    boolean fits =
        element == wanted
            || (wanted.isInteger() && element.isInteger())
            || (wanted.isReal() && element.isReal());
    check(key, value, value.type() == GgufValueType.ARRAY && fits, "an array of " + wanted);
    if (value.count() > Integer.MAX_VALUE - 8) {
      throw new GgufException(
          Code.BAD_VALUE, "%s has %d elements, too many".formatted(key, value.count()));
    }
    return value;
  }

  private static int exact(String key, long number) {
    if (number != (int) number) {
      throw new GgufException(
          Code.BAD_VALUE,
          "%s is %s, which fits no int".formatted(key, Long.toUnsignedString(number)));
    }
    return (int) number;
  }

  private static void check(String key, GgufValue value, boolean right, String wanted) {
    if (!right) {
      String found =
          value.type() == GgufValueType.ARRAY
              ? "an array of " + value.elementType()
              : value.type().toString();
      throw new GgufException(
          Code.WRONG_KEY_TYPE, "%s should be %s and is %s".formatted(key, wanted, found));
    }
  }
}
