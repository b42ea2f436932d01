package dev.gearbox.engine;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is to be continued, before any tokenizer saw it. */
public sealed interface Prompt {

  /**
   * A conversation, rendered by the variant's chat template. User text never becomes control
   * tokens.
   *
   * @param messages in order, at least one
   * @param toolsJson the {@code tools} of the request as a JSON array; null without tools
   */
  record Chat(List<Message> messages, @Nullable String toolsJson) implements Prompt {
    public Chat {
      messages = List.copyOf(messages);
      if (messages.isEmpty()) {
        throw new IllegalArgumentException("a chat needs at least one message");
      }
    }
  }

  /**
   * Raw text; special tokens in it are parsed, and BOS is put first where the model's metadata says
   * so.
   */
  record Text(String text) implements Prompt {}

  /** Tokens as they are. */
  record Tokens(TokenIds ids) implements Prompt {}

  /**
   * A prompt and the beginning of its answer, with which the answer goes on.
   *
   * @param prompt what is answered; not itself begun
   * @param answer what the answer says so far; never control tokens
   * @param tokens tokens of that answer in the variant's vocabulary, which may be ahead of its
   *     text; none where they are not known
   */
  record Begun(Prompt prompt, String answer, TokenIds tokens) implements Prompt {
    public Begun {
      if (prompt instanceof Begun) {
        throw new IllegalArgumentException("an answer has one beginning");
      }
    }
  }

  /**
   * One message of a conversation.
   *
   * @param role {@code system}, {@code user}, {@code assistant} or {@code tool}
   * @param content text, parts already joined; null on an assistant message that only calls tools
   * @param toolCallsJson the {@code tool_calls} of an assistant message as a JSON array; null
   *     without
   * @param toolCallId the call that a {@code tool} message answers; null otherwise
   * @param name optional name of the speaker
   */
  record Message(
      String role,
      @Nullable String content,
      @Nullable String toolCallsJson,
      @Nullable String toolCallId,
      @Nullable String name) {
    /** A message of text alone. */
    public static Message of(String role, String content) {
      return new Message(role, content, null, null, null);
    }
  }
}
