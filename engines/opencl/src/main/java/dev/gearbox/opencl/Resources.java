package dev.gearbox.opencl;

import java.util.ArrayDeque;
import java.util.Deque;

/** What a model holds on its device, let go of last to first. */
final class Resources implements AutoCloseable {
  private final Deque<AutoCloseable> held = new ArrayDeque<>();

  <T extends AutoCloseable> T add(T resource) {
    held.push(resource);
    return resource;
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    while (!held.isEmpty()) {
      try {
        held.pop().close();
      } catch (RuntimeException e) {
        failure = e;
      } catch (Exception e) {
        failure = new IllegalStateException(e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
