package dev.gearbox.format.template;

/**
 * A piece of a template: text as it stands, the edges of tags, or a lexeme within them.
 *
 * @param text the text, name, number, operator, or the value of a string
 * @param line where it begins, from 1
 */
record Token(Kind kind, String text, int line) {
  enum Kind {
    TEXT,
    BLOCK_BEGIN,
    BLOCK_END,
    OUTPUT_BEGIN,
    OUTPUT_END,
    NAME,
    INTEGER,
    REAL,
    STRING,
    OPERATOR,
    END
  }

  boolean is(Kind kind, String text) {
    return this.kind == kind && this.text.equals(text);
  }
}
