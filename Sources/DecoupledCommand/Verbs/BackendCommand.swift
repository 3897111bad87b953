import ArgumentParser
import DecoupledBase
import DecoupledConformance
import DecoupledCore
import Glibc

/// `decoupled backend`, also installed as `decoupled-backend-test`: for authors of backends.
struct BackendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backend", abstract: "Try a compute backend: is it right, how fast is it, what does it support?",
    discussion: """
      A plugin is named by its name, or by the path of its shared object. It runs in a child process with a time limit: one \
      that crashes or blocks costs the case it was at. Every case is written as one line of text, which --case repeats.
      """,
    subcommands: [
      BackendTest.self, BackendGradients.self, BackendPerformance.self, BackendSupport.self, BackendVectors.self,
      BackendWorker.self,
    ], defaultSubcommand: BackendTest.self)
}

/// Options of the verbs that try cases.
struct CaseOptions: ParsableArguments {
  @Argument(help: "Name of the backend, or path of its shared object.")
  var plugin: String

  @Option(help: "Random shapes and numbers follow from this.")
  var seed: UInt64 = 1

  @Option(help: "Take only cases whose text holds this, such as Conv or layout=nhwc.")
  var filter: String?

  @Option(name: .customLong("case"), help: "Try this one case, as it was printed.")
  var text: String?

  @Option(help: "Seconds that loading, and each case, may take.")
  var timeLimit = 120.0

  @Option(help: "Write all outcomes as JSON to this file, - for standard output.")
  var json: String?

  @Flag(help: "Print every case, not only those that fail.")
  var verbose = false

  func validate() throws {
    guard timeLimit > 0, timeLimit <= 86400 else { throw ValidationError("--time-limit must be 1 to 86400 seconds.") }
  }

  func job(_ kind: Job.Kind) -> Job {
    var job = Job(kind, plugin)
    job.seed = seed
    job.filter = filter
    job.text = text
    return job
  }

  /// Runs the job, prints what fails and a line for each operator, and ends with status 1 unless all is well.
  func run(_ job: Job) throws -> [Supervisor.Outcome] {
    let prints = json != "-"
    let outcomes = try Supervisor(job, timeLimit: timeLimit).run { outcome in
      guard prints else { return }
      switch outcome.result.verdict {
      case .failed(let sentence): print("FAILED \(outcome.text)\n       \(job.plugin) \(sentence).")
      case .passed where verbose:
        print(
          "passed \(outcome.text)  \(outcome.result.error) of \(outcome.result.tolerance) \(outcome.result.note)")
      case .declined where verbose: print("declined \(outcome.text) \(outcome.result.note)")
      default: break
      }
      fflush(stdout)
    }
    if let json { try write(OutcomeJSON.text(job, outcomes), to: json) }
    return outcomes
  }

  func write(_ text: String, to path: String) throws {
    if path == "-" { return print(text) }
    guard let file = fopen(path, "w") else {
      throw EngineError(.io, "Cannot write '\(path)': \(String(cString: strerror(errno))).")
    }
    let isWritten = fputs(text + "\n", file) >= 0
    guard fclose(file) == 0, isWritten else {
      throw EngineError(.io, "Cannot write '\(path)': \(String(cString: strerror(errno))).")
    }
  }

  func finish(_ outcomes: [Supervisor.Outcome]) throws {
    let summary = Summary(outcomes)
    if json != "-" { print(summary.text) }
    if !summary.hasPassed {
      if json != "-", !outcomes.contains(where: { if case .failed = $0.result.verdict { true } else { false } }) {
        print("The backend takes none of these cases.")
      }
      throw ExitCode.failure
    }
  }
}

struct BackendTest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Compare every operator and fused chain with 'reference' in double precision, in all kinds of memory.")
  @OptionGroup var options: CaseOptions

  func run() throws { try options.finish(options.run(options.job(.test))) }
}

struct BackendGradients: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grad", abstract: "Compare gradients with differences of the results they belong to.")
  @OptionGroup var options: CaseOptions

  func run() throws { try options.finish(options.run(options.job(.grad))) }
}

struct BackendPerformance: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perf", abstract: "Time the layers of real networks: microseconds, GFLOP/s counted directly, GB/s.")
  @OptionGroup var options: CaseOptions

  @Option(help: "Another plugin to time beside it.")
  var against: String?

  func run() throws {
    var job = options.job(.perf)
    job.against = against
    let outcomes = try options.run(job)
    if options.json != "-" { print(PerformanceTable.text([options.plugin] + (against.map { [$0] } ?? []), outcomes)) }
    if outcomes.contains(where: { if case .failed = $0.result.verdict { true } else { false } }) {
      throw ExitCode.failure
    }
  }
}

struct BackendSupport: ParsableCommand {
  enum Form: String, ExpressibleByArgument, CaseIterable { case markdown, csv }

  static let configuration = CommandConfiguration(
    commandName: "support", abstract: "List the operators and chains that plugins take, by layout and element type.")

  @Argument(help: "Names or paths of backends.")
  var plugins: [String]

  @Option(help: "markdown or csv.")
  var format = Form.markdown

  @Option(help: "Take only cases whose text holds this.")
  var filter: String?

  func run() throws {
    var table = SupportTable()
    for plugin in plugins {
      var job = Job(.support, plugin)
      job.filter = filter
      table.add(plugin.split(separator: "/").last.map(String.init) ?? plugin, try Supervisor(job, timeLimit: 120).run())
    }
    print(format == .csv ? table.csv : table.markdown)
  }
}

struct BackendVectors: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vectors",
    abstract: "Run ONNX's published node cases for the operators that are named after ONNX's.",
    discussion: "The folder is backend/test/data/node of the Python package onnx.")
  @OptionGroup var options: CaseOptions

  @Option(help: "Folder with test_*/model.onnx.")
  var folder: String

  func run() throws {
    var job = options.job(.vectors)
    job.folder = folder
    let outcomes = try options.run(job)
    if options.json != "-" {
      var reasons: [String: Int] = [:]
      for outcome in outcomes {
        if case .declined = outcome.result.verdict { reasons[outcome.result.note, default: 0] += 1 }
      }
      for (reason, count) in reasons.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
        print("\(count) \(reason)")
      }
    }
    try options.finish(outcomes)
  }
}

/// The child process of the other verbs.
struct BackendWorker: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "worker", shouldDisplay: false)

  @Argument var kind: String
  @Argument var plugin: String
  @Option var seed: UInt64 = 1
  @Option var from = 0
  @Option var filter: String?
  @Option(name: .customLong("case")) var text: String?
  @Option var against: String?
  @Option var folder: String?

  func run() throws {
    guard let kind = Job.Kind(rawValue: kind), from >= 0 else {
      throw ValidationError("worker is for the other verbs of 'decoupled backend'.")
    }
    var job = Job(kind, plugin)
    job.seed = seed
    job.filter = filter
    job.text = text
    job.against = against
    job.folder = folder
    throw ExitCode(Worker.run(job, from: from))
  }
}
