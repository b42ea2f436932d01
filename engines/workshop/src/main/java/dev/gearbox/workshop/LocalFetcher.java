package dev.gearbox.workshop;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;

/** Copies a file of this machine. */
record LocalFetcher(Source.Local source) implements Fetcher {
  @Override
  public void fetch(PartialFile partial, long size, FetchListener listener) throws IOException {
    if (!Files.isRegularFile(source.path())) {
      throw new FileNotFoundException("no such file");
    }
    partial.begin(source.written());
    try (InputStream in = Files.newInputStream(source.path());
        OutputStream out = partial.writeAt(0)) {
      new Copy(listener, size).transfer(in, out, 0);
    }
  }

  @Override
  public boolean remote() {
    return false;
  }
}
