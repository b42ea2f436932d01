package dev.gearbox.telemetry.meter;

/** Bounds of histogram buckets; those of vLLM's metrics are vLLM's, so that dashboards agree. */
final class Buckets {
  static final double[] FIRST_TOKEN = {
    .001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640,
    2560
  };
  static final double[] PER_TOKEN = {
    .005, .01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80
  };
  static final double[] REQUEST = {
    .05, .1, .3, .5, .8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920,
    7680
  };
  static final double[] TOKENS = {
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000
  };
  static final double[] STEP_TOKENS = {
    1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384
  };
  static final double[] USAGE = {
    1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304
  };
  static final double[] MICRO = {
    .00001, .00002, .00005, .0001, .0002, .0005, .001, .002, .005, .01, .02, .05, .1, .5
  };
  static final double[] RATIO = {.1, .25, .5, .67, .8, .9, 1, 1.1, 1.25, 1.5, 2, 4, 10};

  private Buckets() {}
}
