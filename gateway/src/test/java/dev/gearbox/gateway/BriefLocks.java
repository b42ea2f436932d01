package dev.gearbox.gateway;

import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/** Locks that reactor threads may wait for: the JDK holds them for a few comparisons. */
public final class BriefLocks implements BlockHoundIntegration {
  @Override
  public void applyTo(BlockHound.Builder builder) {
    // Cancelling a timer; Reactor's own integration knows of setting one.
    builder.allowBlockingCallsInside(
        "java.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue", "remove");
    // Handing over to a thread that works on what must not be waited for.
    builder.allowBlockingCallsInside("java.util.concurrent.ArrayBlockingQueue", "offer");
    builder.allowBlockingCallsInside("java.util.concurrent.ThreadPoolExecutor", "execute");
  }
}
