package dev.gearbox.workshop;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps what it was told. */
final class RecordingListener implements FetchListener {
  final List<String> notes = new CopyOnWriteArrayList<>();
  final List<Long> progress = new CopyOnWriteArrayList<>();

  @Override
  public void note(String line) {
    notes.add(line);
  }

  @Override
  public void progress(long done, long total) {
    progress.add(done);
  }
}
