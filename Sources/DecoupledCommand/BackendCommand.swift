import ArgumentParser
import DecoupledConformance
import DecoupledCore

/// `decoupled backend`: for authors of backends.
struct BackendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backend", abstract: "Try a compute backend: is it right, how fast is it, what does it support?",
    subcommands: [BackendTest.self])
}

struct BackendTest: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "test", abstract: "Compare a backend with 'reference'.")
  @Argument var plugin: String
  @Option var seed: UInt64 = 1
  @Option(name: .customLong("case")) var text: String?

  func run() throws {
    let runner = try InProcess(try BackendSearch.library(plugin))
    let cases = try text.map { [try Case($0)] } ?? CaseList.all(seed: seed)
    for subject in cases { print(subject, runner.run(subject)) }
  }
}
