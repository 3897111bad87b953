import ArgumentParser
import DecoupledBase
import DecoupledConformance
import DecoupledCore

/// `decoupled backends`: what can compute here.
struct Backends: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List the compute backends that are found.")

  @Flag(help: "Load each plugin in a process of its own first, with a time limit, and say what is wrong with it.")
  var probe = false

  @Option(help: "With --probe, seconds that a plugin may take.")
  var timeLimit = 10.0

  @Argument(help: "With --probe, paths of plugins to look at instead of those that are found.")
  var plugins: [String] = []

  func validate() throws {
    guard probe || plugins.isEmpty else { throw ValidationError("Paths of plugins are for --probe.") }
    guard timeLimit > 0, timeLimit <= 86400 else { throw ValidationError("--time-limit must be 1 to 86400 seconds.") }
  }

  func run() throws {
    if probe { return try probeAll() }
    let found = BackendSearch.available()
    let best = found.libraries.filter { $0.info.score > 0 }.max { $0.info.score < $1.info.score }
    for library in found.libraries {
      let info = library.info
      let mark = library === best ? "*" : " "
      print(
        "\(mark) \(info.name)  \(info.variant)  version \(info.version)  score \(info.score)  \(info.path ?? "built in")"
      )
    }
    for failure in found.failures { print("! \(failure.path): \(failure.error)") }
  }

  private func probeAll() throws {
    var isWell = true
    for path in plugins.isEmpty ? BackendSearch.candidates() : plugins {
      // A word without a slash would be looked for by name.
      let plugin = path.contains("/") ? path : "./" + path
      do {
        let outcome = try Supervisor(Job(.probe, plugin), timeLimit: timeLimit).run()[0]
        if case .failed(let sentence) = outcome.result.verdict {
          isWell = false
          print("! \(path) \(sentence).")
        } else {
          print("  \(outcome.result.note)  \(path)")
        }
      } catch let error as EngineError {
        isWell = false
        print("! \(path): \(error)")
      }
    }
    if !isWell { throw ExitCode.failure }
  }
}
