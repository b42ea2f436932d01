package dev.gearbox.gateway.rules;

import dev.gearbox.policy.rule.RuleFiles;
import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;

/**
 * Notices that rule files changed. Looks at their times and sizes, which also sees the links that a
 * mounted configuration swaps. One thread.
 */
final class RuleWatch {
  private final RuleFiles files;
  private final Runnable changed;
  private String taken;
  private String seen;

  RuleWatch(RuleFiles files, Runnable changed) {
    this.files = files;
    this.changed = changed;
    this.taken = print();
    this.seen = taken;
  }

  /** A change is taken when it looks the same twice: whoever writes a file may take a moment. */
  void look() {
    String now = print();
    if (now.equals(seen) && !now.equals(taken)) {
      try {
        changed.run();
        taken = now;
      } catch (RejectedExecutionException e) {
        return; // too many changes wait: this one is seen again
      }
    }
    seen = now;
  }

  private String print() {
    try {
      return files.fingerprint();
    } catch (IOException e) {
      return "unreadable: " + e;
    }
  }
}
