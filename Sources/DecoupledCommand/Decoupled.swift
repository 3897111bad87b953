import ArgumentParser

/// The `decoupled` command.
@main
struct Decoupled: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decoupled",
    abstract: "Segment images with few masks: train, run and evaluate DecoupledNet on a plain processor.",
    version: "0.1.0",
    subcommands: [
      Train.self, Predict.self, Eval.self, DatasetCommand.self, Crops.self, Proposals.self, Report.self, Import.self,
      Export.self, Info.self, Settings.self, Backends.self, BackendCommand.self, Bench.self,
    ])

  /// Called by the name decoupled-backend-test, the program is `decoupled backend`.
  static func main() {
    let name = CommandLine.arguments.first.flatMap { $0.split(separator: "/").last } ?? ""
    if name == "decoupled-backend-test" { return BackendCommand.main() }
    do {
      var command = try parseAsRoot()
      do { try command.run() } catch {
        // What was watched until then tells most about a failure.
        try? Watching.finish()
        throw error
      }
      try Watching.finish()
    } catch { exit(withError: error) }
  }
}
