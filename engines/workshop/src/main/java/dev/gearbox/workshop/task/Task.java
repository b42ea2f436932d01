package dev.gearbox.workshop.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;

/**
 * A question with one right answer, behind a few of its kind that are answered already: models that
 * were never taught to follow instructions can do it too.
 *
 * @param kind what it asks for
 * @param prompt raw text that ends where the answer begins
 * @param answer the rest of the line, to the letter
 */
public record Task(Kind kind, String prompt, String answer) {
  private static final int EXAMPLES = 4;
  private static final int QUESTIONS = 15;
  private static final int SEED = 11;

  private static final List<String> NAMES =
      List.of("Anna", "Ben", "Clara", "David", "Emma", "Frank", "Grace", "Henry");
  private static final List<String> CITIES =
      List.of("Oslo", "Lima", "Paris", "Cairo", "Rome", "Tokyo", "Delhi", "Boston");
  private static final List<String> MONTHS =
      List.of(
          "January",
          "February",
          "March",
          "April",
          "May",
          "June",
          "July",
          "August",
          "September",
          "October",
          "November",
          "December");

  /** What tasks ask for. */
  public enum Kind {
    /** Sums and differences of numbers below a hundred. */
    ARITHMETIC,
    /** A fact out of a sentence that has another like it. */
    EXTRACTION,
    /** The same in another notation. */
    FORMAT,
    /** Yes or no; guessing gets half of them. */
    CLOSED;

    /** As it is written in results. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private record Question(String text, String answer) {
    String open() {
      return "Q: " + text + "\nA:";
    }

    String answered() {
      return open() + " " + answer + "\n\n";
    }
  }

  /** All of them, the same in every run. */
  public static List<Task> all() {
    Random random = new Random(SEED);
    return Stream.of(Kind.values()).flatMap(kind -> of(kind, random)).toList();
  }

  private static Stream<Task> of(Kind kind, Random random) {
    List<Question> questions = new ArrayList<>();
    for (int number = 0; number < EXAMPLES + QUESTIONS; number++) {
      questions.add(question(kind, number, random));
    }
    StringBuilder examples = new StringBuilder();
    questions.subList(0, EXAMPLES).forEach(each -> examples.append(each.answered()));
    return questions.subList(EXAMPLES, questions.size()).stream()
        .map(each -> new Task(kind, examples + each.open(), each.answer()));
  }

  private static Question question(Kind kind, int number, Random random) {
    return switch (kind) {
      case ARITHMETIC -> arithmetic(number, random);
      case EXTRACTION -> extraction(random);
      case FORMAT -> date(random);
      case CLOSED -> comparison(number, random);
    };
  }

  private static Question arithmetic(int number, Random random) {
    int a = random.nextInt(10, 50);
    int b = random.nextInt(2, 50);
    return number % 2 == 0
        ? new Question("What is %d + %d?".formatted(a, b), Integer.toString(a + b))
        : new Question("What is %d - %d?".formatted(a + b, b), Integer.toString(a));
  }

  private static Question extraction(Random random) {
    int name = random.nextInt(NAMES.size());
    int other = (name + random.nextInt(1, NAMES.size())) % NAMES.size();
    int city = random.nextInt(CITIES.size());
    int away = (city + random.nextInt(1, CITIES.size())) % CITIES.size();
    boolean first = random.nextBoolean();
    return new Question(
        "%s lives in %s. %s lives in %s. Where does %s live?"
            .formatted(
                NAMES.get(name),
                CITIES.get(city),
                NAMES.get(other),
                CITIES.get(away),
                NAMES.get(first ? name : other)),
        CITIES.get(first ? city : away));
  }

  private static Question date(Random random) {
    int day = random.nextInt(1, 29);
    int month = random.nextInt(MONTHS.size());
    int year = random.nextInt(1950, 2030);
    return new Question(
        "Write %d %s %d with digits.".formatted(day, MONTHS.get(month), year),
        "%04d-%02d-%02d".formatted(year, month + 1, day));
  }

  private static Question comparison(int number, Random random) {
    int small = random.nextInt(1, 60);
    int large = small + random.nextInt(5, 40);
    boolean yes = (number + number / 4) % 2 == 0;
    return new Question(
        yes
            ? "Is %d larger than %d?".formatted(large, small)
            : "Is %d larger than %d?".formatted(small, large),
        yes ? "yes" : "no");
  }
}
