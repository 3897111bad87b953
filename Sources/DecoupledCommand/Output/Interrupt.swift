import DecoupledCore
import Glibc

/// What Ctrl-C does while long work runs.
enum Interrupt {
  nonisolated(unsafe) private static var control: RunControl?

  static func cancels(_ target: RunControl) {
    control = target
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        Interrupt.control?.cancel()
        // A second signal of the kind ends the program at once.
        signal(number, SIG_DFL)
      }
    }
  }
}
