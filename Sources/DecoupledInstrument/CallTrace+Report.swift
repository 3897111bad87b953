import DecoupledBase
import Glibc

extension CallTrace {
  /// Writes the calls as Chrome's trace events (JSON), which Perfetto and chrome://tracing show. Times are microseconds
  /// from the beginning of the trace.
  /// - Throws: `EngineError` when the file cannot be written; nothing is left half-written then.
  func write(to path: String) throws {
    let state = snapshot()
    let subjects = state.subjects.map { subject in
      Quoted(name: JSONText.quoted(subject.name), detail: Self.detail(of: subject))
    }
    try FileAccess.write(to: path) { sink in
      var text = "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"dropped\":\(state.droppedCount)},\"traceEvents\":[\n"
      text += "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":\(getpid()),\"args\":{\"name\":\"decoupled\"}}"
      for event in state.events {
        let function = TableSignature.all[Int(event.signature)].name
        let subject = event.subject >= 0 ? subjects[Int(event.subject)] : nil
        let began = event.began - min(self.began, event.began)
        text += ",\n{\"name\":\(function == "run" ? subject?.name ?? "\"run\"" : "\"\(function)\"")"
        text += ",\"cat\":\"\(function)\",\"ph\":\"X\",\"ts\":\(Self.microseconds(began))"
        text += ",\"dur\":\(Self.microseconds(event.nanoseconds)),\"pid\":\(getpid()),\"tid\":\(event.thread)"
        text += ",\"args\":{\"rows\":\(event.rows)\(subject?.detail ?? "")}}"
        if text.utf8.count > 1 << 16 {
          try Self.put(text, sink)
          text = ""
        }
      }
      try Self.put(text + "\n]}\n", sink)
    }
  }

  /// A subject as JSON.
  private struct Quoted {
    let name, detail: String
  }

  private static func detail(of subject: Subject) -> String {
    let members = [
      ("backend", subject.backend), ("layer", subject.name), ("operators", subject.operators),
      ("case", subject.caseText),
    ]
    return members.filter { !$0.1.isEmpty }.map { ",\"\($0.0)\":\(JSONText.quoted($0.1))" }.joined()
  }

  private static func put(_ text: String, _ sink: FileSink) throws {
    try Array(text.utf8).withUnsafeBytes { try sink.put($0) }
  }

  /// Nanoseconds as microseconds with three decimals.
  private static func microseconds(_ nanoseconds: UInt64) -> String {
    let rest = "\(nanoseconds % 1000)"
    return "\(nanoseconds / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
  }

  /// A table of the kernels by layer, in the order in which they first ran, then a line for each other function.
  var table: String {
    let state = snapshot()
    let total = max(1, state.sums.reduce(0) { $0 + $1.value.nanoseconds })
    func row(_ words: [String], _ sum: Sum) -> String {
      let each = sum.nanoseconds / UInt64(max(1, sum.calls))
      let share = Double(sum.nanoseconds) / Double(total) * 1000
      let numbers = [
        "\(sum.calls)", Self.milliseconds(each), Self.milliseconds(sum.nanoseconds),
        "\(Int(share) / 10).\(Int(share) % 10)",
      ]
      return "| \((words + numbers).joined(separator: " | ")) |"
    }
    var lines = ["| layer | operators | backend | calls | ms each | ms | % |", "|---|---|---|---|---|---|---|"]
    for key in state.order where key.function == "run" {
      lines.append(row([key.name, key.operators, key.backend], state.sums[key] ?? Sum()))
    }
    for signature in TableSignature.all where signature.name != "run" {
      let sums = state.sums.filter { $0.key.function == signature.name }
      guard !sums.isEmpty else { continue }
      let sum = sums.values.reduce(into: Sum()) { sum, part in
        sum.calls += part.calls
        sum.nanoseconds += part.nanoseconds
      }
      lines.append(row(["(\(signature.name))", "", ""], sum))
    }
    if state.droppedCount > 0 {
      lines.append(
        "The file holds the first \(Self.largestCount) calls; \(state.droppedCount) more are only counted here.")
    }
    return lines.joined(separator: "\n")
  }

  /// Nanoseconds as milliseconds with three decimals.
  private static func milliseconds(_ nanoseconds: UInt64) -> String { microseconds(nanoseconds / 1000) }
}
