package dev.gearbox.gateway.batch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * What is known of files and batches, in an embedded database. Each change is on the disk when it
 * returns; one that fails may yet be there. Thread-safe: one connection, one statement at a time;
 * blocks on the disk.
 */
final class BatchStore implements AutoCloseable {
  private static final JsonMapper MAPPER = JsonMapper.shared();
  private static final String[] SCHEMA = {
    """
    CREATE TABLE IF NOT EXISTS files (
      number BIGINT AUTO_INCREMENT PRIMARY KEY, id VARCHAR(80) UNIQUE NOT NULL,
      tenant VARCHAR(200) NOT NULL, purpose VARCHAR(40) NOT NULL, document CLOB NOT NULL)
    """,
    """
    CREATE TABLE IF NOT EXISTS batches (
      number BIGINT AUTO_INCREMENT PRIMARY KEY, id VARCHAR(80) UNIQUE NOT NULL,
      tenant VARCHAR(200) NOT NULL, finished BOOLEAN NOT NULL, document CLOB NOT NULL)
    """
  };

  /** What H2 says from then on of a database that it closed, as it does when a write fails. */
  private static final Set<Integer> CLOSED = Set.of(90098, 90121);

  private final String url;
  private final String password;
  private Connection connection;
  private boolean closed;

  private interface Filling {
    void fill(PreparedStatement statement) throws SQLException;
  }

  private interface Work<T> {
    T on(Connection connection) throws SQLException;
  }

  private BatchStore(String url, String password) throws SQLException {
    this.url = url;
    this.password = password;
    this.connection = DriverManager.getConnection(url, "sa", password);
  }

  /**
   * Opens the database of a folder, or makes it.
   *
   * @param vault whether its file is encrypted, by H2 itself
   * @throws IOException when another process has it, or it cannot be read
   */
  static BatchStore open(Path folder, Vault vault) throws IOException {
    Files.createDirectories(folder);
    // Commits reach the file within WRITE_DELAY by default: here before they return.
    String url =
        "jdbc:h2:file:"
            + folder.toAbsolutePath().resolve("batches")
            + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE";
    SealKeys keys = vault.keys();
    try {
      BatchStore store =
          keys == null
              ? new BatchStore(url, "")
              : new BatchStore(url + ";CIPHER=AES", keys.database() + " ");
      for (String table : SCHEMA) {
        try (var statement = store.connection.createStatement()) {
          statement.execute(table);
        }
      }
      Vault.forceNames(folder);
      return store;
    } catch (SQLException e) {
      throw new IOException("the batches in " + folder + " cannot be opened: " + e.getMessage(), e);
    }
  }

  void add(StoredFile file) throws IOException {
    insert(
        "files (id, tenant, purpose, document)",
        file.id(),
        statement -> {
          statement.setString(1, file.id());
          statement.setString(2, file.tenant());
          statement.setString(3, file.purpose());
          statement.setString(4, MAPPER.writeValueAsString(file));
        });
  }

  boolean removeFile(String id) throws IOException {
    return change("DELETE FROM files WHERE id = ?", statement -> statement.setString(1, id)) > 0;
  }

  @Nullable StoredFile file(String tenant, String id) throws IOException {
    return first(
        read(
            "SELECT document FROM files WHERE id = ? AND tenant = ?",
            StoredFile.class,
            statement -> {
              statement.setString(1, id);
              statement.setString(2, tenant);
            }));
  }

  /** The newest first, from behind {@code after} on. */
  List<StoredFile> files(String tenant, @Nullable String purpose, @Nullable String after, int most)
      throws IOException {
    return read(
        """
        SELECT document FROM files WHERE tenant = ? AND (CAST(? AS VARCHAR) IS NULL OR purpose = ?)
        AND number < COALESCE((SELECT number FROM files WHERE id = ?), 9223372036854775807)
        ORDER BY number DESC LIMIT ?
        """,
        StoredFile.class,
        statement -> {
          statement.setString(1, tenant);
          statement.setString(2, purpose);
          statement.setString(3, purpose);
          statement.setString(4, after);
          statement.setInt(5, most);
        });
  }

  void add(Batch batch) throws IOException {
    insert(
        "batches (id, tenant, finished, document)",
        batch.id(),
        statement -> {
          statement.setString(1, batch.id());
          statement.setString(2, batch.caller().tenant());
          statement.setBoolean(3, batch.status().over());
          statement.setString(4, MAPPER.writeValueAsString(batch));
        });
  }

  void update(Batch batch) throws IOException {
    change(
        "UPDATE batches SET finished = ?, document = ? WHERE id = ?",
        statement -> {
          statement.setBoolean(1, batch.status().over());
          statement.setString(2, MAPPER.writeValueAsString(batch));
          statement.setString(3, batch.id());
        });
  }

  @Nullable Batch batch(String tenant, String id) throws IOException {
    return first(
        read(
            "SELECT document FROM batches WHERE id = ? AND tenant = ?",
            Batch.class,
            statement -> {
              statement.setString(1, id);
              statement.setString(2, tenant);
            }));
  }

  List<Batch> batches(String tenant, @Nullable String after, int most) throws IOException {
    return read(
        """
        SELECT document FROM batches WHERE tenant = ?
        AND number < COALESCE((SELECT number FROM batches WHERE id = ?), 9223372036854775807)
        ORDER BY number DESC LIMIT ?
        """,
        Batch.class,
        statement -> {
          statement.setString(1, tenant);
          statement.setString(2, after);
          statement.setInt(3, most);
        });
  }

  /** Those that are to go on, of all tenants. */
  List<Batch> unfinished() throws IOException {
    return read(
        "SELECT document FROM batches WHERE NOT finished ORDER BY number",
        Batch.class,
        statement -> {});
  }

  /** Writes the database as it is at this moment into a zip; others go on meanwhile. */
  void copy(Path zip) throws IOException {
    with(
        "copied",
        open -> {
          try (var statement = open.createStatement()) {
            return statement.execute("BACKUP TO '" + zip.toString().replace("'", "''") + "'");
          }
        });
  }

  private static <T> @Nullable T first(List<T> found) {
    return found.isEmpty() ? null : found.getFirst();
  }

  /** Adds a row of four columns; nobody finds one that failed, unless the process ends now. */
  private void insert(String columns, String id, Filling filling) throws IOException {
    try {
      change("INSERT INTO " + columns + " VALUES (?, ?, ?, ?)", filling);
    } catch (IOException e) {
      String table = columns.substring(0, columns.indexOf(' '));
      try {
        change("DELETE FROM " + table + " WHERE id = ?", statement -> statement.setString(1, id));
      } catch (IOException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
  }

  private int change(String sql, Filling filling) throws IOException {
    return with(
        "written",
        open -> {
          try (PreparedStatement statement = open.prepareStatement(sql);
              var checkpoint = open.createStatement()) {
            filling.fill(statement);
            int changed = statement.executeUpdate();
            // A commit of H2 is in its file, which is not yet on the disk.
            checkpoint.execute("CHECKPOINT SYNC");
            return changed;
          }
        });
  }

  private <T> List<T> read(String sql, Class<T> type, Filling filling) throws IOException {
    return with(
        "read",
        open -> {
          try (PreparedStatement statement = open.prepareStatement(sql)) {
            filling.fill(statement);
            List<T> found = new ArrayList<>();
            try (ResultSet rows = statement.executeQuery()) {
              while (rows.next()) {
                found.add(MAPPER.readValue(rows.getString(1), type));
              }
            }
            return found;
          }
        });
  }

  /** Does something with the database, which is opened anew when a failure closed it. */
  private synchronized <T> T with(String done, Work<T> work) throws IOException {
    try {
      try {
        return work.on(connection);
      } catch (SQLException e) {
        if (closed || !CLOSED.contains(e.getErrorCode())) {
          throw e;
        }
        disconnect();
        connection = DriverManager.getConnection(url, "sa", password);
        return work.on(connection);
      }
    } catch (SQLException e) {
      throw new IOException(
          "what is known of batches cannot be %s: %s".formatted(done, e.getMessage()), e);
    }
  }

  private void disconnect() {
    try {
      connection.close();
    } catch (SQLException e) {
      // What was committed is on disk.
      return;
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    disconnect();
  }
}
