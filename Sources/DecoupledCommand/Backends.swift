import ArgumentParser
import DecoupledCore

/// `decoupled backends`: what can compute here.
struct Backends: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List the compute backends that are found.")

  func run() throws {
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
}
