import CSystem
import Glibc

/// How many threads to use.
public enum ThreadCount {
  /// `requested` when above 0, else DECOUPLED_NUM_THREADS, else what processor affinity and the cgroup quota allow.
  public static func resolve(_ requested: Int) -> Int {
    if requested > 0 { return min(requested, 256) }
    if let text = dcn_system_environment("DECOUPLED_NUM_THREADS"), let number = Int(String(cString: text)), number > 0 {
      return min(number, 256)
    }
    return available
  }

  /// Processors that affinity and the cgroup quota allow.
  static var available: Int { max(1, min(affinity(), quota() ?? Int.max)) }

  private static func affinity() -> Int {
    let granted = Int(dcn_system_affinity())
    return granted > 0 ? granted : max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  /// Processors granted by the control group, from "quota period" in cpu.max.
  private static func quota() -> Int? {
    guard let file = fopen("/sys/fs/cgroup/cpu.max", "r") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 64)
    guard fgets(&line, Int32(line.count), file) != nil else { return nil }
    let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      .split(whereSeparator: \.isWhitespace)
    guard fields.count == 2, let granted = Double(fields[0]), let period = Double(fields[1]), period > 0 else {
      return nil
    }
    return max(1, Int((granted / period).rounded()))
  }
}
