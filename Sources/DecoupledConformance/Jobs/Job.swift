import DecoupledBase
import DecoupledCore

/// What to do with a plugin: a list of items that is the same wherever it is made, so that a child process can be told by
/// number where to go on.
public struct Job: Sendable {
  public enum Kind: String, Sendable {
    case test, grad, perf, support, vectors, probe
  }

  public var kind: Kind
  /// Name or path of the plugin, with a configuration behind a colon where it takes one.
  public var plugin: String
  public var seed: UInt64 = 1
  /// Items whose text holds this are taken.
  public var filter: String?
  /// One case instead of those of the seed.
  public var text: String?
  /// Another plugin to measure beside this one.
  public var against: String?
  /// Where published vectors of ONNX lie: `backend/test/data/node` of its package.
  public var folder: String?

  public init(_ kind: Kind, _ plugin: String) {
    self.kind = kind
    self.plugin = plugin
  }

  /// One thing to try.
  enum Item: Sendable {
    case contract(ContractCheck)
    case subject(Case)
    case vector(String)
    case probe

    var text: String {
      switch self {
      case .contract(let check): "contract: \(check.rawValue)"
      case .subject(let subject): subject.description
      case .vector(let name): name
      case .probe: "probe"
      }
    }

    /// What items are counted together.
    var group: String {
      switch self {
      case .contract: "contract"
      case .subject(let subject): subject.operators
      case .vector(let name): String(name.split(separator: "_").prefix(2).joined(separator: "_"))
      case .probe: "probe"
      }
    }
  }

  func items() throws -> [Item] {
    var items: [Item]
    if let text {
      items =
        if text.hasPrefix("contract: "), let check = ContractCheck(rawValue: String(text.dropFirst(10))) {
          [.contract(check)]
        } else if kind == .vectors { [.vector(text)] } else { [.subject(try Case(text))] }
    } else {
      switch kind {
      case .test: items = ContractCheck.allCases.map(Item.contract) + CaseList.all(seed: seed).map(Item.subject)
      case .grad: items = GradientCases.all(seed: seed).map(Item.subject)
      case .perf: items = CaseList.measured.map(Item.subject)
      case .support: items = CaseList.offered.map(Item.subject)
      case .vectors: items = try VectorFolder.names(in: folder ?? "").map(Item.vector)
      case .probe: items = [.probe]
      }
    }
    if let filter { items = items.filter { $0.text.contains(filter) } }
    guard !items.isEmpty else {
      throw EngineError(
        .notFound, "No case's text holds '\(filter ?? "")'; operators are named as in Conv[1x3x8x8 4x3x3x3].")
    }
    return items
  }

  /// Arguments that repeat this job in a child process.
  func arguments(from: Int) -> [String] {
    var words = [kind.rawValue, plugin, "--seed", "\(seed)", "--from", "\(from)"]
    if let filter { words += ["--filter", filter] }
    if let text { words += ["--case", text] }
    if let against { words += ["--against", against] }
    if let folder { words += ["--folder", folder] }
    return words
  }
}
