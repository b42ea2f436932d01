package dev.gearbox.workshop.settings;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What a record component means as a setting. A component without a default is required, unless it
 * is nullable, a list (then empty) or a record (then made of its own defaults).
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {
  /** One sentence for the person who edits the file. */
  String value();

  /** The value when the key is absent, as it would be written; empty for none. */
  String byDefault() default "";

  /** Least number; for durations in seconds, for sizes in bytes. */
  double min() default Double.NEGATIVE_INFINITY;

  /** Largest number; for durations in seconds, for sizes in bytes. */
  double max() default Double.POSITIVE_INFINITY;

  /** Whether an absent key means null. */
  boolean optional() default false;

  /** The key where it cannot be the component's name, such as {@code class}. */
  String key() default "";

  /**
   * Whether an item of a list of records may be written as one value, which is then that of its
   * first key.
   */
  boolean named() default false;

  /** Regular expression that a text matches as a whole; empty for any. */
  String pattern() default "";

  /** Whether nobody may see it, not even in the message that says what is wrong with it. */
  boolean secret() default false;
}
