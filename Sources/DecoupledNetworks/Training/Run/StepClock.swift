import Glibc

/// Measures iterations: an exponential average of their times, evaluations and checkpoints not counted.
struct StepClock {
  private var began = 0.0
  private var average: Double?

  /// Of late; a small positive number before the first iteration has ended.
  var secondsPerStep: Double { max(average ?? 0, 1e-9) }

  mutating func begin() { began = Self.now() }

  mutating func end() {
    let time = Self.now() - began
    average = average.map { 0.9 * $0 + 0.1 * time } ?? time
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
