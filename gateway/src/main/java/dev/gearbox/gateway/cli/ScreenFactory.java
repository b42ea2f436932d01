package dev.gearbox.gateway.cli;

import java.lang.reflect.Constructor;
import picocli.CommandLine;
import picocli.CommandLine.IFactory;

/** Makes commands, with the screen for those that ask for it. */
record ScreenFactory(Screen screen) implements IFactory {
  @Override
  public <K> K create(Class<K> type) throws Exception {
    if (type.getPackageName().equals(ScreenFactory.class.getPackageName())) {
      for (Constructor<?> constructor : type.getDeclaredConstructors()) {
        constructor.setAccessible(true);
        if (constructor.getParameterCount() == 1
            && constructor.getParameterTypes()[0] == Screen.class) {
          return type.cast(constructor.newInstance(screen));
        }
      }
    }
    return CommandLine.defaultFactory().create(type);
  }
}
