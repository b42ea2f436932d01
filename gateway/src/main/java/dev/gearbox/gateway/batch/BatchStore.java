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
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * What is known of files and batches, in an embedded database. Each statement is durable when it
 * returns. Thread-safe: one connection, one statement at a time; blocks on the disk.
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

  private final Connection connection;

  private interface Filling {
    void fill(PreparedStatement statement) throws SQLException;
  }

  private BatchStore(Connection connection) {
    this.connection = connection;
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
      Connection connection =
          keys == null
              ? DriverManager.getConnection(url, "sa", "")
              : DriverManager.getConnection(url + ";CIPHER=AES", "sa", keys.database() + " ");
      for (String table : SCHEMA) {
        try (var statement = connection.createStatement()) {
          statement.execute(table);
        }
      }
      return new BatchStore(connection);
    } catch (SQLException e) {
      throw new IOException("the batches in " + folder + " cannot be opened: " + e.getMessage(), e);
    }
  }

  void add(StoredFile file) throws IOException {
    change(
        "INSERT INTO files (id, tenant, purpose, document) VALUES (?, ?, ?, ?)",
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
    change(
        "INSERT INTO batches (id, tenant, finished, document) VALUES (?, ?, ?, ?)",
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
  synchronized void copy(Path zip) throws IOException {
    try (var statement = connection.createStatement()) {
      statement.execute("BACKUP TO '" + zip.toString().replace("'", "''") + "'");
    } catch (SQLException e) {
      throw new IOException("what is known of batches cannot be copied: " + e.getMessage(), e);
    }
  }

  private static <T> @Nullable T first(List<T> found) {
    return found.isEmpty() ? null : found.getFirst();
  }

  private synchronized int change(String sql, Filling filling) throws IOException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      filling.fill(statement);
      return statement.executeUpdate();
    } catch (SQLException e) {
      throw new IOException("what is known of batches cannot be written: " + e.getMessage(), e);
    }
  }

  private synchronized <T> List<T> read(String sql, Class<T> type, Filling filling)
      throws IOException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      filling.fill(statement);
      List<T> found = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.add(MAPPER.readValue(rows.getString(1), type));
        }
      }
      return found;
    } catch (SQLException e) {
      throw new IOException("what is known of batches cannot be read: " + e.getMessage(), e);
    }
  }

  @Override
  public synchronized void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      // What was committed is on disk.
      return;
    }
  }
}
