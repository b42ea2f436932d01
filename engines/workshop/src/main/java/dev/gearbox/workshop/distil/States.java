package dev.gearbox.workshop.distil;

import dev.gearbox.cpu.model.Probe;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.ejml.data.DMatrixRMaj;

/** Keeps what some layers gave while a model read one window. */
final class States implements Probe {
  /** A place of the model. */
  record Place(Point point, int layer) {}

  private final Map<Place, List<float[]>> kept = new HashMap<>();

  /** Keeps what goes by at a place. */
  void keep(Place place) {
    kept.put(place, new ArrayList<>());
  }

  @Override
  public void see(Point point, int layer, float[] values, int rows, int width) {
    List<float[]> into = kept.get(new Place(point, layer));
    for (int row = 0; into != null && row < rows; row++) {
      float[] copy = new float[width];
      System.arraycopy(values, row * width, copy, 0, width);
      into.add(copy);
    }
  }

  /** Rows kept at a place. */
  int rows(Place place) {
    return at(place).size();
  }

  /** The last rows kept at a place, as a matrix. */
  DMatrixRMaj last(Place place, int rows) {
    List<float[]> all = at(place);
    List<float[]> last = all.subList(all.size() - rows, all.size());
    DMatrixRMaj matrix = new DMatrixRMaj(rows, last.getFirst().length);
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < matrix.numCols; i++) {
        matrix.set(row, i, last.get(row)[i]);
      }
    }
    return matrix;
  }

  private List<float[]> at(Place place) {
    List<float[]> rows = kept.get(place);
    if (rows == null) {
      throw new IllegalStateException("nothing is kept at " + place);
    }
    return rows;
  }

  /** Forgets the window. */
  void clear() {
    kept.values().forEach(List::clear);
  }
}
