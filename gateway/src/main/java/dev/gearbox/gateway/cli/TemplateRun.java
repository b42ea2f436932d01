package dev.gearbox.gateway.cli;

import dev.gearbox.format.gguf.GgufFile;
import dev.gearbox.format.template.ChatTemplate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Renders a conversation. */
record TemplateRun(Path weights, Path messages, Screen screen) {

  void run(boolean json) throws IOException {
    List<Map<String, Object>> conversation = Json.objects(messages);
    try (GgufFile file = GgufFile.open(weights)) {
      ChatTemplate template =
          ChatTemplate.of(file)
              .orElseThrow(() -> new IllegalArgumentException(weights + " has no chat template"));
      String prompt = template.render(conversation, null, true);
      screen.out().println(json ? Json.write(Map.of("prompt", prompt)) : prompt);
    }
  }
}
