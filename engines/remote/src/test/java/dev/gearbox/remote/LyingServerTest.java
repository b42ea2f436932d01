package dev.gearbox.remote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gearbox.engine.TestingSubscriber;
import dev.gearbox.engine.TokenEvent.Failed;
import dev.gearbox.engine.TokenEvent.FailureCode;
import dev.gearbox.remote.wire.EventReader;
import org.junit.jupiter.api.Test;

/** Whatever a server does, its client gets one clear failure, and the engine has its place back. */
class LyingServerTest {
  private static final String EVENTS = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";

  @Test
  void anErrorInsideASuccess() throws Exception {
    fails(
        c ->
            c.begin()
                .token(65, "A")
                .send("data: {\"error\":{\"message\":\"the\\nstep failed\"}}\n\n"),
        "the server ended the answer with an error: the step failed");
    fails(
        c -> c.begin().send("event: error\ndata: {\"message\":\"no\"}\n\n"),
        "the server ended the answer with an error: no");
  }

  @Test
  void aDeadlineThatPassesThereFirstIsNoFault() throws Exception {
    Failed failed =
        failure(c ->
            c.begin()
                .token(65, "A")
                .send(
                    "data: {\"error\":{\"message\":\"late\",\"code\":\"deadline_exceeded\"}}\n\n"));
    assertThat(failed.code()).isEqualTo(FailureCode.DEADLINE_EXCEEDED);
  }

  @Test
  void aBodyThatIsNoStream() throws Exception {
    fails(
        c ->
            c.send(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n"
                    + "{\"error\":{}}"),
        "the server answered with application/json instead of an event stream");
  }

  @Test
  void anEndBeforeTheEnd() throws Exception {
    fails(
        c -> c.begin().token(65, "A").fin(),
        "the server closed the connection before the answer's end");
    fails(
        c -> c.begin().token(65, "A").send("data: [DONE]\n\n"),
        "the server ended the answer without saying why");
  }

  @Test
  void aFinInTheMiddleOfAChunk() throws Exception {
    Failed failed =
        failure(
            c -> c.send(EVENTS + "transfer-encoding: chunked\r\n\r\n40\r\ndata: {\"choi").fin());
    assertThat(failed.message()).startsWith("the connection to the server was lost");
  }

  @Test
  void aReset() throws Exception {
    Failed failed = failure(c -> c.begin().token(65, "A").reset());
    assertThat(failed.message()).startsWith("the connection to the server was lost");
    assertThat(failed.tokens().generated()).isLessThanOrEqualTo(1);
  }

  @Test
  void halfJsonAndNoJson() throws Exception {
    fails(
        c -> c.begin().send("data: {\"choices\":[{\"te\n\n"),
        "the server sent an event that is not JSON");
    fails(c -> c.begin().send("data: 17\n\n"), "the server sent an event without choices");
    fails(
        c -> c.begin().send("data: " + "[".repeat(100_000) + "\n\n"),
        "the server sent an event that is not JSON");
  }

  @Test
  void anEndlessLine() throws Exception {
    String more = "x".repeat(1 << 16);
    fails(
        c -> {
          c.begin().send("data: ");
          for (int i = 0; i < 1000; i++) {
            c.send(more);
          }
        },
        "the server sent a line of more than " + EventReader.MAX_EVENT + " bytes");
  }

  @Test
  void aRedirectIsNotFollowed() throws Exception {
    fails(
        c ->
            c.send(
                "HTTP/1.1 307 Moved\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"),
        "the server redirects, which is not followed");
  }

  @Test
  void compressionThatNobodyAskedFor() throws Exception {
    fails(
        c -> c.send(EVENTS + "content-encoding: gzip\r\n\r\nxxxx"),
        "the server compressed what it was not asked to");
  }

  @Test
  void headersWithoutEnd() throws Exception {
    Failed failed =
        failure(c -> c.send("HTTP/1.1 200 OK\r\nx: " + "y".repeat(100_000) + "\r\n\r\n"));
    assertThat(failed.code()).isEqualTo(FailureCode.ENGINE_FAILED);
  }

  @Test
  void statusesThatSayWhatIsWrong() throws Exception {
    status(404, "{}", FailureCode.ENGINE_FAILED, "the server has no such model or endpoint");
    status(401, "{}", FailureCode.ENGINE_FAILED, "the server does not let this gateway in");
    status(500, "<html>", FailureCode.ENGINE_FAILED, "the server answered with status 500");
    status(503, "", FailureCode.OVERLOADED, "the server is full");
    status(429, "", FailureCode.OVERLOADED, "the server is full");
    status(
        400,
        "{\"error\":{\"message\":\"maximum context length is 8\"}}",
        FailureCode.CONTEXT_LENGTH_EXCEEDED,
        "the server refused the request: maximum context length is 8");
  }

  private static void status(int status, String body, FailureCode code, String message)
      throws Exception {
    Failed failed =
        failure(c ->
            c.send(
                "HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n%s"
                    .formatted(status, body.length(), body)));
    assertThat(failed.code()).isEqualTo(code);
    assertThat(failed.message()).isEqualTo(message);
  }

  @Test
  void silenceAfterTheHeadAndInTheMiddle() throws Exception {
    fails(c -> c.begin(), "the server did not begin to answer in time");
    fails(c -> c.begin().token(65, "A"), "the server stopped in the middle");
  }

  @Test
  void bytesThatDribbleAndNeverMakeAnEvent() throws Exception {
    fails(
        c -> {
          c.begin().token(65, "A");
          for (int i = 0; i < 2000; i++) {
            c.send("x").pause(20);
          }
        },
        "the server stopped in the middle");
  }

  @Test
  void commentsInTheMiddleOfAnAnswerDoNotKeepItAlive() throws Exception {
    fails(
        c -> {
          c.begin().token(65, "A");
          for (int i = 0; i < 2000; i++) {
            c.send(": keep-alive\n\n").pause(20);
          }
        },
        "the server stopped in the middle");
  }

  @Test
  void goingOnAfterTheEnd() throws Exception {
    fails(
        c ->
            c.begin()
                .send("data: {\"choices\":[{\"text\":\"\",\"finish_reason\":\"stop\"}]}\n\n")
                .token(65, "A"),
        "the server went on after the answer's end");
  }

  private static void fails(TestingHttpServer.Script script, String message) throws Exception {
    Failed failed = failure(script);
    assertThat(failed.message()).isEqualTo(message);
    assertThat(failed.code()).isEqualTo(FailureCode.ENGINE_FAILED);
  }

  private static Failed failure(TestingHttpServer.Script script) throws Exception {
    try (var remote = TestingRemote.vllm(script)) {
      TestingSubscriber answer =
          TestingSubscriber.to(remote.engine.submit(TestingRemote.request(64)));
      Failed failed = answer.failed();
      assertThat(answer.completions()).isEqualTo(1);
      assertThat(answer.error()).isNull();
      TestingRemote.await(() -> remote.engine.signal().running() == 0);
      return failed;
    }
  }
}
