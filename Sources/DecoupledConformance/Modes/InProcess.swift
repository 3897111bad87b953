import DecoupledCore

/// Runs cases in this process.
public struct InProcess {
  private let check: CaseCheck

  public init(_ library: BackendLibrary) throws {
    do {
      check = CaseCheck(try OpenBackend(library), judge: try Judge(threads: 2))
    } catch let fault as Fault {
      throw EngineError(.backend, "The backend '\(library.info.name)' \(fault.clause).")
    }
  }

  public func run(_ subject: Case) -> CaseResult { check.check(subject) }
}
