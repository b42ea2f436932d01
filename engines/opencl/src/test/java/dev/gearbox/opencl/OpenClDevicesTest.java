package dev.gearbox.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class OpenClDevicesTest {
  @Test
  void everyDeviceSaysWhatItIs() {
    List<OpenClDevice> devices = OpenClDevices.all();
    assertThat(devices).isNotEmpty();
    for (int i = 0; i < devices.size(); i++) {
      OpenClDevice device = devices.get(i);
      assertThat(device.index()).isEqualTo(i);
      assertThat(device.name()).isNotBlank();
      assertThat(device.driver()).isNotBlank();
      assertThat(device.computeUnits()).isPositive();
      assertThat(device.memory()).isGreaterThanOrEqualTo(device.largestBuffer()).isPositive();
      assertThat(device.largestGroup()).isPositive();
    }
  }

  @Test
  void aDeviceIsChosenByIndexByPartOfItsNameOrAsTheBest() {
    OpenClDevice first = OpenClDevices.all().getFirst();
    String name = first.name();
    assertThat(OpenClDevices.choose("0")).isEqualTo(first);
    assertThat(OpenClDevices.choose(name.substring(1, 6).toUpperCase(Locale.ROOT)))
        .isEqualTo(first);
    OpenClDevice best = OpenClDevices.choose(null);
    assertThat(OpenClDevices.all())
        .allMatch(device -> device.kind().compareTo(best.kind()) >= 0)
        .filteredOn(device -> device.kind() == best.kind())
        .allMatch(device -> device.computeUnits() <= best.computeUnits());
  }

  @Test
  void aDeviceThatIsNotThereIsRefusedWithThoseThatAre() {
    String name = OpenClDevices.all().getFirst().name();
    for (String asked : new String[] {"99", "no such device"}) {
      assertThatThrownBy(() -> OpenClDevices.choose(asked))
          .isInstanceOf(NoOpenClException.class)
          .hasMessageContaining("'" + asked + "'")
          .hasMessageContaining("0: " + name);
    }
  }
}
