package dev.gearbox.gateway.api;

import java.util.function.Function;

/** What a step of the line gives: its value, or a refusal that ends the line. */
public sealed interface Result<T> {

  record Ok<T>(T value) implements Result<T> {}

  record Refused<T>(Refusal refusal) implements Result<T> {}

  static <T> Result<T> ok(T value) {
    return new Ok<>(value);
  }

  static <T> Result<T> refused(Refusal refusal) {
    return new Refused<>(refusal);
  }

  /** Goes on with the value, or ends with the refusal. */
  default <R> R fold(Function<? super T, ? extends R> next, Function<Refusal, ? extends R> end) {
    return switch (this) {
      case Ok<T>(T value) -> next.apply(value);
      case Refused<T>(Refusal refusal) -> end.apply(refusal);
    };
  }
}
