package dev.gearbox.gateway.cli;

import dev.gearbox.format.gguf.GgufException;
import dev.gearbox.workshop.settings.InvalidSettingsException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says on stderr, in one line, what is wrong and what to do. */
final class Failures {
  private Failures() {}

  static int wrongUsage(ParameterException e, String[] args) {
    CommandLine line = e.getCommandLine();
    String message = String.valueOf(e.getMessage());
    if (e instanceof UnmatchedArgumentException unmatched) {
      message += suggestion(unmatched);
    }
    String name = line.getCommandSpec().qualifiedName();
    line.getErr().println(name + ": " + message.strip() + " (" + name + " --help says more)");
    return Gearbox.WRONG_USAGE;
  }

  private static String suggestion(UnmatchedArgumentException e) {
    return e.getSuggestions().isEmpty()
        ? ""
        : "; did you mean '" + e.getSuggestions().getFirst() + "'?";
  }

  static int failed(Exception e, CommandLine line, ParseResult parsed) {
    Throwable cause = e;
    while ((cause instanceof ExecutionException || cause instanceof UncheckedIOException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    String name = line.getCommandSpec().qualifiedName();
    if (cause instanceof WrongUsageException) {
      line.getErr().println(name + ": " + cause.getMessage() + " (" + name + " --help says more)");
      return Gearbox.WRONG_USAGE;
    }
    String about = cause instanceof GgufException ? weights(parsed) : "";
    for (String message : (about + message(cause)).split("\n", -1)) {
      line.getErr().println(name + ": " + message);
    }
    if (isVerbose(parsed)) {
      e.printStackTrace(line.getErr());
    }
    return Gearbox.FAILURE;
  }

  /** The file that a complaint about weights is about. */
  private static String weights(ParseResult parsed) {
    ParseResult last = parsed;
    while (last.hasSubcommand()) {
      last = last.subcommand();
    }
    return last.hasMatchedOption("--weights")
        ? last.matchedOptionValue("--weights", "") + ": "
        : "";
  }

  private static boolean isVerbose(ParseResult parsed) {
    for (ParseResult at = parsed; at != null; at = at.subcommand()) {
      if (at.hasMatchedOption("--verbose")) {
        return true;
      }
    }
    return false;
  }

  private static String message(Throwable cause) {
    String message = cause.getMessage();
    return switch (cause) {
      case NoSuchFileException e -> "there is no file " + e.getFile();
      case AccessDeniedException e -> "may not access " + e.getFile();
      case FileSystemException e -> e.getFile() + ": " + e.getReason();
      case InterruptedException e -> "interrupted";
      case InvalidSettingsException e -> String.valueOf(message);
      case IllegalArgumentException e when message != null -> message;
      case OutOfMemoryError e ->
          "out of memory (" + message + "): give it more with GEARBOX_JAVA_OPTS=-Xmx4g";
      default ->
          message == null
              ? cause.getClass().getSimpleName() + " (--verbose shows where)"
              : message.replace('\n', ' ');
    };
  }
}
