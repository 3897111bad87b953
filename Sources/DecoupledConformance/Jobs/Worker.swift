import DecoupledBase
import DecoupledCore
import Glibc

/// The child's side: loads the plugin, does one item after the other, and tells the parent on descriptor 3.
public enum Worker {
  static let descriptor: Int32 = 3

  /// - Parameter from: number of the first item.
  /// - Returns: exit status.
  public static func run(_ job: Job, from: Int) -> Int32 {
    Log.setHandler { level, message in
      if level >= .warning { fputs("\(level): \(message)\n", stderr) }
    }
    let runner: Runner
    let items: [Job.Item]
    do {
      items = try job.items()
      runner = try Runner(job)
    } catch {
      say("refused", "\(error)")
      return 1
    }
    for index in items.indices.dropFirst(from) {
      say("begin", "\(index)")
      let result = runner.run(items[index])
      let (verdict, sentence) =
        switch result.verdict {
        case .passed: ("passed", result.note)
        case .declined: ("declined", result.note)
        case .failed(let sentence): ("failed", sentence)
        }
      say("result", "\(index)", verdict, "\(result.error)", "\(result.tolerance)", "\(result.nodes)", sentence)
    }
    say("done")
    return 0
  }

  /// Writes one line of fields.
  private static func say(_ fields: String...) {
    let clean = fields.map { String($0.map { $0 == "\t" || $0.isNewline ? " " : $0 }) }
    var bytes = Array((clean.joined(separator: "\t") + "\n").utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { _exit(2) }
      bytes = bytes.dropFirst(count)
    }
  }
}

/// Does items on a plugin that is loaded into this process.
struct Runner {
  private let run: (Job.Item) -> CaseResult

  init(_ job: Job) throws {
    let (library, configuration) = try BackendSearch.find(job.plugin)
    let name = library.info.name
    guard library.info.score > 0 else {
      throw EngineError(.backend, "The backend '\(name)' does not run on this processor: its score is 0.")
    }
    let backend: OpenBackend
    do {
      backend = try OpenBackend(library, configuration: configuration)
    } catch let fault as Fault {
      throw EngineError(.backend, "The backend '\(name)' \(fault.clause).")
    }
    switch job.kind {
    case .test:
      let check = CaseCheck(backend, judge: try Judge(threads: 2))
      run = { item in
        switch item {
        case .contract(let contract): contract.run(backend)
        case .subject(let subject): check.check(subject)
        case .vector, .probe: CaseResult(verdict: .declined)
        }
      }
    case .grad:
      let check = try GradientCheck(job.plugin)
      run = { if case .subject(let subject) = $0 { check.check(subject) } else { CaseResult(verdict: .declined) } }
    case .support:
      let check = CaseCheck(backend, judge: try Judge(threads: 1))
      run = { if case .subject(let subject) = $0 { check.offered(subject) } else { CaseResult(verdict: .declined) } }
    case .perf:
      let rival = try job.against.map { try BackendSearch.find($0) }.map {
        try OpenBackend($0.library, configuration: $0.configuration)
      }
      let measure = Measurement(backend, rival)
      run = { if case .subject(let subject) = $0 { measure.measure(subject) } else { CaseResult(verdict: .declined) } }
    case .vectors:
      let check = VectorCheck(backend, folder: job.folder ?? "")
      run = { if case .vector(let name) = $0 { check.check(name) } else { CaseResult(verdict: .declined) } }
    case .probe:
      run = { _ in Probe.run(backend) }
    }
  }

  func run(_ item: Job.Item) -> CaseResult { run(item) }
}
